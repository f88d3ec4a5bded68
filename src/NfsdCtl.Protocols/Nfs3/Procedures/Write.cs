using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.7: writes, straight from the request's buffer.</summary>
internal static class Write
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        // Like the kernel's server: a count that is not the length of the data is no call that was ever meant.
        if (!WRITE3args.Read(ref arguments, out var args) || args.count != (uint)args.data.Length)
            return AcceptStatus.GarbageArgs;
        var data = args.data[..Math.Min(args.data.Length, call.Files.MaxTransfer)];
        WccData wcc = default;
        var status = call.Resolve(args.file.data, out var file);
        using (file)
        {
            int written = 0;
            StableHow committed = default;
            ulong verifier = 0;
            if (status == VfsStatus.Ok)
            {
                // Taken before the write: a sync that fails meanwhile must change what this client compares.
                verifier = call.Files.WriteVerifier(file);
                status = call.Files.Write(file, args.offset, data, (StableHow)args.stable, out written, out committed, out wcc);
            }
            if (!wcc.HasAfter && file.IsValid)
                call.Files.FillAfter(file, ref wcc);
            reply.Status(status);
            reply.Wcc(wcc);
            if (status != VfsStatus.Ok)
                return AcceptStatus.Success;
            reply.U32((uint)written);
            reply.U32((uint)committed);
            reply.U64(verifier);
        }
        return AcceptStatus.Success;
    }
}
