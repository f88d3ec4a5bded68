using System.Buffers.Binary;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>The arguments of OPEN (RFC 8881 §18.16.1), with the attributes to set left where they are.</summary>
internal ref struct OpenArguments
{
    private const uint WantMask = OPEN4_SHARE_ACCESS_WANT_DELEG_MASK;
    private const uint WantWhen = OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL | OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED;

    public uint Seqid;
    public uint ShareAccess;
    public uint ShareDeny;
    public ulong ClientId;

    /// <summary>open_owner4.owner, at most 1024 bytes.</summary>
    public ReadOnlySpan<byte> Owner;
    public bool Creates;
    public createmode4 Mode;

    /// <summary>createverf or cva_verf, with the exclusive modes.</summary>
    public ulong Verifier;

    /// <summary>Stands at the fattr4 of the modes that have one.</summary>
    public XdrReader Attributes;
    public open_claim_type4 Claim;

    /// <summary>The name in the current directory, with the claims that have one.</summary>
    public ReadOnlySpan<byte> Name;

    public readonly bool IsExclusive => Mode is createmode4.EXCLUSIVE4 or createmode4.EXCLUSIVE4_1;

    public readonly bool HasAttributes => Creates && Mode != createmode4.EXCLUSIVE4;

    public readonly bool IsReclaim => Claim == open_claim_type4.CLAIM_PREVIOUS;

    /// <summary>The current filehandle is the file, and not the directory that has it.</summary>
    public readonly bool IsByHandle => Claim is open_claim_type4.CLAIM_PREVIOUS or open_claim_type4.CLAIM_FH;

    /// <summary>What the client wants of delegations (RFC 8881 §18.16.3); 0 for nothing said, as always in minor version 0.</summary>
    public readonly uint Want => ShareAccess & WantMask;

    public static bool TryRead(uint minorVersion, scoped ref XdrReader r, out OpenArguments args)
    {
        var read = default(OpenArguments);
        bool done = read.TryRead(minorVersion, ref r);
        args = read;
        return done && !r.Failed;
    }

    private bool TryRead(uint minorVersion, scoped ref XdrReader r)
    {
        Seqid = r.U32();
        ShareAccess = r.U32();
        ShareDeny = r.U32();
        ClientId = r.U64();
        Owner = r.Opaque(NFS4_OPAQUE_LIMIT);
        uint opentype = r.U32();
        Creates = opentype == (uint)opentype4.OPEN4_CREATE;
        if (opentype > (uint)opentype4.OPEN4_CREATE || (Creates && !ReadHow(minorVersion, ref r)))
            return false;
        return ReadClaim(minorVersion, ref r);
    }

    /// <summary>
    /// share_access and share_deny of OPEN and OPEN_DOWNGRADE. False: not a value that they may have (NFS4ERR_INVAL). What is wanted of
    /// delegations goes with share_access in later minor versions.
    /// </summary>
    public static bool TryShare(uint minorVersion, uint access, uint deny, out ShareAccess share, out ShareDeny denied)
    {
        share = (ShareAccess)(access & OPEN4_SHARE_ACCESS_BOTH);
        denied = (ShareDeny)(deny & OPEN4_SHARE_DENY_BOTH);
        uint rest = access & ~(uint)OPEN4_SHARE_ACCESS_BOTH;
        bool wants = minorVersion > 0 && (rest & ~(WantMask | WantWhen)) == 0 && (rest & WantMask) <= OPEN4_SHARE_ACCESS_WANT_CANCEL;
        return share != State.Shares.ShareAccess.None && deny <= OPEN4_SHARE_DENY_BOTH && (rest == 0 || wants);
    }

    private bool ReadHow(uint minorVersion, scoped ref XdrReader r)
    {
        Mode = (createmode4)r.U32();
        if (Mode > createmode4.EXCLUSIVE4_1 || (Mode == createmode4.EXCLUSIVE4_1 && minorVersion == 0))
            return false;
        if (IsExclusive)
        {
            var verifier = r.Fixed(NFS4_VERIFIER_SIZE);
            if (r.Failed)
                return false;
            Verifier = BinaryPrimitives.ReadUInt64BigEndian(verifier);
        }
        if (!HasAttributes)
            return true;
        Attributes = r;
        return fattr4.Read(ref r, out _);
    }

    private bool ReadClaim(uint minorVersion, scoped ref XdrReader r)
    {
        Claim = (open_claim_type4)r.U32();
        switch (Claim)
        {
            case open_claim_type4.CLAIM_NULL or open_claim_type4.CLAIM_DELEGATE_PREV:
                Name = r.Opaque(int.MaxValue);
                return true;
            case open_claim_type4.CLAIM_PREVIOUS:
                return r.U32() <= (uint)open_delegation_type4.OPEN_DELEGATE_WRITE;
            case open_claim_type4.CLAIM_DELEGATE_CUR:
                r.Fixed(StateId.Size);
                Name = r.Opaque(int.MaxValue);
                return true;
            case open_claim_type4.CLAIM_FH or open_claim_type4.CLAIM_DELEG_PREV_FH:
                return minorVersion > 0;
            case open_claim_type4.CLAIM_DELEG_CUR_FH:
                r.Fixed(StateId.Size);
                return minorVersion > 0;
            default:
                return false;
        }
    }
}
