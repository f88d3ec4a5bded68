using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.17: the names of a directory with attributes and handles.</summary>
internal static class ReadDirPlus
{
    // TRUE, fileid, length of the name, cookie
    private const int EntryHead = sizeof(uint) + sizeof(ulong) + sizeof(uint) + sizeof(ulong);

    // post_op_attr, handle_follows, length of the handle
    private const int PlusHead = AttributeEncoding.PostOpSize + 2 * sizeof(uint);

    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!READDIRPLUS3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        var status = call.Resolve(args.dir.data, out var directory);
        using (directory)
        {
            if (status == VfsStatus.Ok)
                status = Answer(call, directory, args.cookie, DirectoryReply.Verifier(args.cookieverf), args.dircount, args.maxcount, ref reply);
            if (status != VfsStatus.Ok)
                DirectoryReply.Fail(call, directory, status, ref reply);
        }
        return AcceptStatus.Success;
    }

    private static VfsStatus Answer(in Nfs3Call call, in FileRef directory, ulong cookie, ulong verifier, uint dircount, uint maxcount, ref XdrWriter reply)
    {
        var status = call.Files.ReadDirectory(directory, cookie, verifier, out var reader, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        try
        {
            return List(call, ref reader, dircount, maxcount, attributes, ref reply);
        }
        finally
        {
            reader.Dispose();
        }
    }

    /// <summary>
    /// dircount bounds fileids, names and cookies, maxcount everything (RFC 1813 §3.3.17). A dircount too small for one entry
    /// is read as a wish for as little as possible, since maxcount alone must be obeyed for the client's buffer.
    /// </summary>
    private static VfsStatus List(in Nfs3Call call, ref DirectoryReader reader, uint dircount, uint maxcount, in Attributes attributes, ref XdrWriter reply)
    {
        Span<byte> handle = stackalloc byte[FileService.MaxHandle];
        var list = new DirectoryReply(call, maxcount, attributes, ref reply);
        long names = 0;
        while (!reader.AtEnd)
        {
            var entry = reader.Current;
            int size = EntryHead + DirectoryReply.Padded(entry.Name.Length);
            names += size;
            if (names > dircount && !list.IsEmpty)
                break;
            if (!list.Fits(call, ref reply, size + PlusHead + FileService.MaxHandle))
                break;
            DirectoryReply.Entry(ref reply, entry);
            bool known = reader.TryGetPlus(out var child, handle, out int length);
            reply.PostOp(known, child);
            reply.Bool(known);
            if (known)
                reply.Opaque(handle[..length]);
            reader.Advance();
        }
        return list.End(ref reply, reader.IsComplete);
    }
}
