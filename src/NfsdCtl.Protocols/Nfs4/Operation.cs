using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>
/// Executes one operation: reads its arguments and writes its result behind the status, which is returned (BADXDR when the arguments cannot be
/// decoded). What was written with another status than OK is taken back, unless the operation's row says that it stays.
/// </summary>
internal delegate nfsstat4 OperationHandler(Compound compound, ref XdrReader arguments, ref XdrWriter reply);

/// <summary>Where an operation may stand in a compound of minor version 1 and later (RFC 8881 §2.10.6.4).</summary>
internal enum SessionPlace : byte
{
    /// <summary>Behind a SEQUENCE.</summary>
    InSession,

    /// <summary>SEQUENCE itself.</summary>
    First,

    /// <summary>Behind a SEQUENCE, or as the only operation.</summary>
    InSessionOrAlone,

    /// <summary>As the only operation.</summary>
    Alone,
}

/// <summary>What has to be known of an operation to run it.</summary>
/// <param name="Number">Its number on the wire.</param>
/// <param name="Handler">Executes it.</param>
internal sealed record Operation(nfs_opnum4 Number, OperationHandler Handler)
{
    /// <summary>As in the RFC, without OP_.</summary>
    public string Name { get; } = Number.ToString()["OP_".Length..];

    /// <summary>The minor version that brought it.</summary>
    public uint Since { get; init; }

    /// <summary>The minor version from which on it is answered with NOTSUPP (RFC 8881 §17, "MNI").</summary>
    public uint RetiredIn { get; init; } = uint.MaxValue;

    public SessionPlace Place { get; init; }

    /// <summary>NOFILEHANDLE without a current filehandle.</summary>
    public bool NeedsCurrent { get; init; } = true;

    /// <summary>What it answers on a directory that joins exports; OK: it copes with them itself.</summary>
    public nfsstat4 OnPseudo { get; init; } = nfsstat4.NFS4_OK;

    /// <summary>The longest result, in bytes, or what is to be had before the handler runs; long ones ask for more themselves.</summary>
    public int Room { get; init; } = 16;

    /// <summary>
    /// Not to be executed twice: in minor version 0, which has no slots, the answer is remembered by the call's xid (RFC 7530 §3.1.2).
    /// What carries a seqid has its own way.
    /// </summary>
    public bool Remembered { get; init; }

    /// <summary>The result has a body with some failures: what the handler wrote stays.</summary>
    public bool KeepsBodyOnFailure { get; init; }

    /// <summary>Words of zero that a failed result has where the handler wrote nothing.</summary>
    public int FailureWords { get; init; }
}
