using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.16: the names of a directory.</summary>
internal static class ReadDir
{
    // TRUE, fileid, length of the name, cookie
    private const int EntryHead = sizeof(uint) + sizeof(ulong) + sizeof(uint) + sizeof(ulong);

    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!READDIR3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        var status = call.Resolve(args.dir.data, out var directory);
        using (directory)
        {
            if (status == VfsStatus.Ok)
                status = Answer(call, directory, args.cookie, DirectoryReply.Verifier(args.cookieverf), args.count, ref reply);
            if (status != VfsStatus.Ok)
                DirectoryReply.Fail(call, directory, status, ref reply);
        }
        return AcceptStatus.Success;
    }

    private static VfsStatus Answer(in Nfs3Call call, in FileRef directory, ulong cookie, ulong verifier, uint count, ref XdrWriter reply)
    {
        var status = call.Files.ReadDirectory(directory, cookie, verifier, out var reader, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        try
        {
            return List(call, ref reader, count, attributes, ref reply);
        }
        finally
        {
            reader.Dispose();
        }
    }

    private static VfsStatus List(in Nfs3Call call, ref DirectoryReader reader, uint count, in Attributes attributes, ref XdrWriter reply)
    {
        var list = new DirectoryReply(call, count, attributes, ref reply);
        while (!reader.AtEnd)
        {
            var entry = reader.Current;
            if (!list.Fits(call, ref reply, EntryHead + DirectoryReply.Padded(entry.Name.Length)))
                break;
            DirectoryReply.Entry(ref reply, entry);
            reader.Advance();
        }
        return list.End(ref reply, reader.IsComplete);
    }
}
