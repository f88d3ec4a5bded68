using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>
/// RFC 7862 §15.2: copies from the saved file to the current one. Always while the client waits, as the server may choose, and a bounded
/// part at a time; the client asks for the rest.
/// </summary>
internal static class Copy
{
    /// <summary>No callback, count, committed, verifier, consecutive, synchronous.</summary>
    public const int Room = 32;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var source = StateIds.Read(ref arguments);
        var target = StateIds.Read(ref arguments);
        ulong from = arguments.U64();
        ulong to = arguments.U64();
        ulong count = arguments.U64();
        bool consecutive = arguments.Bool();
        arguments.Bool();
        uint servers = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        // From another server: an optional feature of its own (RFC 7862 §4.2).
        if (servers > 0)
            return nfsstat4.NFS4ERR_NOTSUPP;
        var status = TwoFiles.Check(compound, source, target);
        if (status != nfsstat4.NFS4_OK)
            return status;
        ulong verifier = compound.Files.WriteVerifier(compound.File);
        status = compound.Files.CopyRange(compound.Saved.File, from, compound.File, to, count, out ulong copied).ToNfs();
        reply.U32(0);
        reply.U64(copied);
        reply.U32((uint)stable_how4.UNSTABLE4);
        reply.U64(verifier);
        reply.Bool(consecutive);
        reply.Bool(true);
        return status;
    }
}
