using System.Buffers.Binary;

namespace NfsdCtl.Vfs.Handles;

/// <summary>What a handle says before its MAC is checked.</summary>
public readonly record struct HandleContent(FileKey Key, uint ExportTag);

/// <summary>The key under which a filesystem's handles are authenticated; it lives on that filesystem and moves with it.</summary>
public readonly record struct HandleKey(ulong Low, ulong High)
{
    public static HandleKey FromBytes(ReadOnlySpan<byte> sixteen) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(sixteen), BinaryPrimitives.ReadUInt64LittleEndian(sixteen[8..]));
}

/// <summary>
/// The bytes of a file handle, at most 64 (NFS3_FHSIZE):
/// <code>
/// 0  version (1)         1  kernel handle type      2  kernel handle length n (1..32)   3  zero
/// 4  export tag, 4 bytes, big-endian
/// 8  filesystem identity, 16 bytes
/// 24 kernel handle, n bytes
/// 24+n  SipHash-2-4 of all before, 8 bytes, little-endian
/// </code>
/// </summary>
public static class HandleCodec
{
    public const int MaxLength = HeaderLength + FileKey.MaxHandle + MacLength;

    private const byte Version = 1;
    private const int HeaderLength = 24;
    private const int MacLength = 8;

    /// <summary>Writes the handle and returns its length.</summary>
    /// <exception cref="ArgumentException">The buffer is shorter than the handle.</exception>
    public static int Encode(in FileKey key, uint exportTag, HandleKey macKey, Span<byte> handle)
    {
        int signed = HeaderLength + key.HandleLength;
        handle[0] = Version;
        handle[1] = key.HandleType;
        handle[2] = (byte)key.HandleLength;
        handle[3] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(handle[4..], exportTag);
        key.FileSystem.CopyTo(handle[8..]);
        key.Handle.CopyTo(handle[HeaderLength..]);
        BinaryPrimitives.WriteUInt64LittleEndian(handle[signed..], SipHash.Compute(macKey.Low, macKey.High, handle[..signed]));
        return signed + MacLength;
    }

    /// <summary>Takes a handle apart; false when its form is wrong. Nothing is authenticated yet.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> handle, out HandleContent content)
    {
        content = default;
        if (handle.Length < HeaderLength + MacLength + 1 || handle[0] != Version || handle[3] != 0)
            return false;
        int length = handle[2];
        if (length is 0 or > FileKey.MaxHandle || handle.Length != HeaderLength + length + MacLength)
            return false;
        var key = new FileKey(FsId.FromBytes(handle[8..]), handle[1], handle.Slice(HeaderLength, length));
        content = new HandleContent(key, BinaryPrimitives.ReadUInt32BigEndian(handle[4..]));
        return true;
    }

    /// <summary>True when the MAC is right. Compared as one word, so the time taken says nothing.</summary>
    public static bool IsAuthentic(ReadOnlySpan<byte> handle, HandleKey macKey)
    {
        int signed = handle.Length - MacLength;
        ulong mac = SipHash.Compute(macKey.Low, macKey.High, handle[..signed]);
        return (mac ^ BinaryPrimitives.ReadUInt64LittleEndian(handle[signed..])) == 0;
    }
}
