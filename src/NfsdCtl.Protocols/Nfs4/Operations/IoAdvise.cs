using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.State.Shares;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.5: how a range is going to be used. The kernel is told what it knows, and the client which hints those were.</summary>
internal static class IoAdvise
{
    private static readonly (IO_ADVISE_type4 Hint, Advice Advice)[] Known =
    [
        (IO_ADVISE_type4.IO_ADVISE4_NORMAL, Advice.Normal),
        (IO_ADVISE_type4.IO_ADVISE4_SEQUENTIAL, Advice.Sequential),
        (IO_ADVISE_type4.IO_ADVISE4_RANDOM, Advice.Random),
        (IO_ADVISE_type4.IO_ADVISE4_WILLNEED, Advice.WillNeed),
        (IO_ADVISE_type4.IO_ADVISE4_DONTNEED, Advice.DontNeed),
        (IO_ADVISE_type4.IO_ADVISE4_NOREUSE, Advice.NoReuse),
    ];

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        ulong offset = arguments.U64();
        ulong count = arguments.U64();
        // A bitmap4 of hints has the form of one of attributes.
        var hints = AttributeSet.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = StateIds.CheckIo(compound, stateId, ShareAccess.None);
        var taken = AttributeSet.Empty;
        foreach (var (hint, advice) in Known)
        {
            if (status != nfsstat4.NFS4_OK || !hints.Has((int)hint))
                continue;
            status = compound.Files.Advise(compound.File, offset, count, advice).ToNfs();
            taken = taken.With((int)hint);
        }
        taken.Write(ref reply);
        return status;
    }
}
