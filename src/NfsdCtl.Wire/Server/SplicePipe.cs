using System.Runtime.InteropServices;
using NfsdCtl.Linux;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// A pipe through which file data goes to a socket without being copied to user space (splice(2)). The data is in the pipe,
/// and its true length known, before the head of the reply is written: a file may end or shrink meanwhile.
/// </summary>
internal sealed unsafe class SplicePipe
{
    private const int Capacity = 1024 * 1024;
    private int readEnd = -1;
    private int writeEnd = -1;

    public int ReadEnd => readEnd;

    /// <summary>Moves up to <paramref name="count"/> bytes in; returns the bytes, 0 at end of file, or -errno.</summary>
    public int Fill(int file, ulong offset, int count)
    {
        if (readEnd < 0 && !Open())
            return -Errno.EOPNOTSUPP;
        long place = (long)offset;
        int moved = 0;
        while (moved < count)
        {
            nint n = Sockets.Splice(file, &place, writeEnd, null, (nuint)(count - moved), Sockets.SPLICE_F_MOVE | Sockets.SPLICE_F_NONBLOCK);
            if (n > 0)
            {
                moved += (int)n;
                continue;
            }
            int errno = n == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            // a full pipe (small fragments of the page cache fill its slots early) gives a short read, which NFS allows
            if (moved > 0 || n == 0)
                break;
            return -errno;
        }
        return moved;
    }

    /// <summary>Throws away what is in the pipe, with the pipe.</summary>
    public void Reset()
    {
        if (readEnd >= 0)
        {
            _ = Descriptors.Close(readEnd);
            _ = Descriptors.Close(writeEnd);
        }
        readEnd = writeEnd = -1;
    }

    private bool Open()
    {
        int* ends = stackalloc int[2];
        if (Sockets.Pipe(ends, Descriptors.O_CLOEXEC | Descriptors.O_NONBLOCK) != 0)
            return false;
        (readEnd, writeEnd) = (ends[0], ends[1]);
        if (Sockets.Control(writeEnd, Sockets.F_SETPIPE_SZ, Capacity) >= 0)
            return true;
        // without the room for a whole READ every other reply would be short
        Reset();
        return false;
    }
}
