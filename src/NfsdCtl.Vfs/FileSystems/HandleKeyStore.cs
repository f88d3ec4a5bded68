using System.Security.Cryptography;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Handles;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// The file that holds a filesystem's handle key: 16 random bytes, 0600, made once and never changed, so that handles
/// survive a restart and a move. It is written under another name, synced and linked: it exists whole or not at all.
/// </summary>
internal static unsafe class HandleKeyStore
{
    private static ReadOnlySpan<byte> KeyName => "handle.key\0"u8;

    /// <summary>Reads the key in an open directory, or makes it. 0, or the error number.</summary>
    public static int Load(int directory, out HandleKey key)
    {
        int error = TryRead(directory, out key);
        if (error != Errno.ENOENT)
            return error;
        error = Make(directory);
        return error is 0 or Errno.EEXIST ? TryRead(directory, out key) : error;
    }

    private static int TryRead(int directory, out HandleKey key)
    {
        key = default;
        byte* bytes = stackalloc byte[SipHash.KeySize];
        int file;
        fixed (byte* name = KeyName)
            file = Files.OpenAt(directory, name, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_NOFOLLOW, 0);
        if (file < 0)
            return Errno.Last;
        nint got = Files.PRead(file, bytes, SipHash.KeySize, 0);
        int error = got < 0 ? Errno.Last : got == SipHash.KeySize ? 0 : Errno.EIO;
        Descriptors.Close(file);
        key = HandleKey.FromBytes(new ReadOnlySpan<byte>(bytes, SipHash.KeySize));
        return error;
    }

    private static int Make(int directory)
    {
        Span<byte> random = stackalloc byte[SipHash.KeySize];
        RandomNumberGenerator.Fill(random);
        Span<byte> temporary = stackalloc byte[64];
        int length = System.Text.Encoding.ASCII.GetBytes("handle.key." + Guid.NewGuid().ToString("N"), temporary);
        temporary[length] = 0;
        fixed (byte* name = KeyName, other = temporary, data = random)
        {
            int file = Files.OpenAt(directory, other, Descriptors.O_WRONLY | Descriptors.O_CLOEXEC | Files.O_CREAT | Files.O_EXCL, 0x180);
            if (file < 0)
                return Errno.Last;
            nint wrote = Files.PWrite(file, data, SipHash.KeySize, 0);
            int error = wrote < 0 ? Errno.Last : wrote < SipHash.KeySize ? Errno.ENOSPC : Files.FSync(file) < 0 ? Errno.Last : 0;
            Descriptors.Close(file);
            if (error == 0 && Files.LinkAt(directory, other, directory, name, 0) < 0)
                error = Errno.Last;
            Files.UnlinkAt(directory, other, 0);
            if (error == 0 && Files.FSync(directory) < 0)
                error = Errno.Last;
            return error;
        }
    }
}
