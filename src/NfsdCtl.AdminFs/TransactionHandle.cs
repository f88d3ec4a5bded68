using System.Text;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs;

/// <summary>
/// The rules of the kernel's simple_transaction files (fs/libfs.c), on an open file description: the first write runs the command, a second one is EBUSY, also
/// after a failure; a read without a write reports, and counts as the write.
/// </summary>
internal sealed class TransactionHandle(TransactionFile file) : IAdminHandle
{
    /// <summary>SIMPLE_TRANSACTION_LIMIT - 1.</summary>
    public const int MaxWrite = 4087;

    private readonly Lock gate = new();
    private bool used;
    private byte[] reply = [];

    // A write moves the offset, as the kernel's own files do not: the reply begins where the write ended, until somebody seeks back.
    private ulong replyStart;

    public int Write(ulong offset, ReadOnlySpan<byte> data, Caller caller, CancellationToken interrupted)
    {
        if (data.Length > MaxWrite)
            return -Errno.EFBIG;
        lock (gate)
        {
            if (used)
                return -Errno.EBUSY;
            used = true;
        }
        // Outside the lock: another holder of the descriptor gets its EBUSY at once.
        var answer = file.Run(data, caller, interrupted);
        if (!answer.Ok)
            return -answer.Error;
        lock (gate)
        {
            reply = Encoding.UTF8.GetBytes(answer.Text);
            replyStart = offset + (ulong)data.Length;
        }
        return data.Length;
    }

    public int Read(ulong offset, Span<byte> buffer)
    {
        lock (gate)
        {
            if (!used)
            {
                used = true;
                var answer = file.Report();
                if (!answer.Ok)
                    return -answer.Error;
                reply = Encoding.UTF8.GetBytes(answer.Text);
            }
            if (offset < replyStart)
                replyStart = 0;
            return Slice.Copy(reply, offset - replyStart, buffer);
        }
    }
}
