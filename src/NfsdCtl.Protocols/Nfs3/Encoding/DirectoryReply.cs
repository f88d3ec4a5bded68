using System.Buffers.Binary;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Encoding;

/// <summary>
/// A READDIR or READDIRPLUS reply under construction: the head, entries as long as they fit into what the client wants and the
/// transport carries, the end.
/// </summary>
internal struct DirectoryReply
{
    /// <summary>Behind the last entry: FALSE and eof.</summary>
    private const int Tail = 2 * sizeof(uint);

    /// <summary>The reply room grows in steps of this, in bytes, so that a small directory takes a small buffer.</summary>
    private const int Step = 16 << 10;

    private readonly int start;
    private readonly int limit;

    /// <param name="call">The call.</param>
    /// <param name="count">The most bytes of the resok structure, from the client; the status is not part of it.</param>
    /// <param name="attributes">Of the directory.</param>
    /// <param name="reply">Where the head is written.</param>
    public DirectoryReply(in Nfs3Call call, uint count, in Attributes attributes, ref XdrWriter reply)
    {
        start = reply.Position;
        int most = Math.Min(FileService.LargestTransfer, call.Rpc.MaxReply - 512);
        limit = start + sizeof(uint) + (int)Math.Min(count, (uint)most);
        reply.Status(VfsStatus.Ok);
        reply.PostOp(attributes);
        // The cookies are the filesystem's own and stay good while the directory changes, so every verifier is as good.
        reply.U64(0);
    }

    public bool IsEmpty { get; private set; } = true;

    public static ulong Verifier(ReadOnlySpan<byte> cookieverf) => BinaryPrimitives.ReadUInt64BigEndian(cookieverf);

    public static int Padded(int length) => (length + 3) & ~3;

    /// <summary>True when an entry of <paramref name="size"/> bytes still fits; there is room for it then.</summary>
    public bool Fits(in Nfs3Call call, ref XdrWriter reply, int size)
    {
        if (reply.Position + size + Tail > limit)
            return false;
        if (reply.Room < size + Tail)
            call.Rpc.EnsureRoom(ref reply, Math.Max(size + Tail, Math.Min(Step, limit - reply.Position)));
        IsEmpty = false;
        return true;
    }

    public static void Entry(ref XdrWriter reply, in DirectoryEntry entry)
    {
        reply.Bool(true);
        reply.U64(entry.FileId);
        reply.Opaque(entry.Name);
        reply.U64(entry.Cookie);
    }

    /// <summary>TOOSMALL when not one entry fitted; then nothing was written.</summary>
    public readonly VfsStatus End(ref XdrWriter reply, bool endOfDirectory)
    {
        if (reply.Position + Tail > limit || (IsEmpty && !endOfDirectory))
        {
            reply.Position = start;
            return VfsStatus.TooSmall;
        }
        reply.Bool(false);
        reply.Bool(endOfDirectory);
        return VfsStatus.Ok;
    }

    public static void Fail(in Nfs3Call call, in FileRef directory, VfsStatus status, ref XdrWriter reply)
    {
        reply.Status(status);
        bool known = call.TryGetAttr(directory, out var attributes);
        reply.PostOp(known, attributes);
    }
}
