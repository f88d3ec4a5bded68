using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>Well-formed arguments for every operation that has any; what they ask for need not be there.</summary>
internal static class OperationSamples
{
    private static ReadOnlySpan<byte> Twelve => "twelve bytes"u8;

    private static ReadOnlySpan<byte> Eight => "verifier"u8;

    private static ReadOnlySpan<byte> Session => "a session's name"u8;

    /// <summary>A SEQUENCE in front of others, for a session that is there.</summary>
    public static OperationArguments SequenceOf(byte[] session, uint sequence, uint slot = 0, bool cacheThis = false) => (ref XdrWriter w) =>
        new SEQUENCE4args { sa_sessionid = session, sa_sequenceid = sequence, sa_slotid = slot, sa_highest_slotid = slot, sa_cachethis = cacheThis }.Write(ref w);

    public static void Write(nfs_opnum4 operation, ref XdrWriter w)
    {
        var stateId = new stateid4 { seqid = 7, other = Twelve };
        var owner = new state_owner4 { clientid = 5, owner = "owner"u8 };
        switch (operation)
        {
            case OP_ACCESS: w.U32(0x3F); break;
            case OP_CLOSE: new CLOSE4args { seqid = 1, open_stateid = stateId }.Write(ref w); break;
            case OP_COMMIT: new COMMIT4args { offset = 0, count = 9 }.Write(ref w); break;
            case OP_CREATE: Create(ref w); break;
            case OP_DELEGPURGE or OP_RENEW or OP_DESTROY_CLIENTID: w.U64(99); break;
            case OP_DELEGRETURN or OP_FREE_STATEID or OP_OFFLOAD_CANCEL or OP_OFFLOAD_STATUS: stateId.Write(ref w); break;
            case OP_GETATTR: Bitmap(ref w); break;
            case OP_LINK or OP_LOOKUP or OP_REMOVE or OP_SECINFO or OP_GETXATTR or OP_REMOVEXATTR: w.Opaque("user.name"u8); break;
            case OP_LOCK: Lock(stateId, owner, ref w); break;
            case OP_LOCKT: new LOCKT4args { locktype = nfs_lock_type4.WRITE_LT, length = 9, owner = owner }.Write(ref w); break;
            case OP_LOCKU: new LOCKU4args { locktype = nfs_lock_type4.WRITE_LT, lock_stateid = stateId, length = 9 }.Write(ref w); break;
            case OP_NVERIFY or OP_VERIFY: Attributes(ref w); break;
            case OP_OPEN: Open(owner, ref w); break;
            case OP_OPENATTR or OP_RECLAIM_COMPLETE: w.Bool(true); break;
            case OP_OPEN_CONFIRM: new OPEN_CONFIRM4args { open_stateid = stateId, seqid = 3 }.Write(ref w); break;
            case OP_OPEN_DOWNGRADE: new OPEN_DOWNGRADE4args { open_stateid = stateId, seqid = 3, share_access = 1 }.Write(ref w); break;
            case OP_PUTFH: w.Opaque("no handle of this server's"u8); break;
            case OP_READ or OP_READ_PLUS: new READ4args { stateid = stateId, count = 100 }.Write(ref w); break;
            case OP_READDIR: w.U64(0); w.Fixed(Eight); w.U32(512); w.U32(4096); Bitmap(ref w); break;
            case OP_RENAME: w.Opaque("from"u8); w.Opaque("to"u8); break;
            case OP_SETATTR: stateId.Write(ref w); Attributes(ref w); break;
            case OP_SETCLIENTID: SetClientId(ref w); break;
            case OP_SETCLIENTID_CONFIRM: w.U64(1); w.Fixed(Eight); break;
            case OP_WRITE: new WRITE4args { stateid = stateId, data = "data"u8 }.Write(ref w); break;
            case OP_RELEASE_LOCKOWNER: owner.Write(ref w); break;
            case OP_BACKCHANNEL_CTL: w.U32(1); w.U32(1); w.U32(0); break;
            case OP_BIND_CONN_TO_SESSION: w.Fixed(Session); w.U32(1); w.Bool(false); break;
            case OP_EXCHANGE_ID: ExchangeId("sample", ref w); break;
            case OP_CREATE_SESSION: CreateSession(1, 1, ref w); break;
            case OP_DESTROY_SESSION: w.Fixed(Session); break;
            case OP_SECINFO_NO_NAME: w.U32(1); break;
            case OP_SEQUENCE: new SEQUENCE4args { sa_sessionid = Session, sa_sequenceid = 1 }.Write(ref w); break;
            case OP_TEST_STATEID: w.U32(2); stateId.Write(ref w); stateId.Write(ref w); break;
            case OP_ALLOCATE or OP_DEALLOCATE: stateId.Write(ref w); w.U64(0); w.U64(4096); break;
            case OP_COPY: Copy(stateId, ref w); break;
            case OP_CLONE: new CLONE4args { cl_src_stateid = stateId, cl_dst_stateid = stateId, cl_count = 1 }.Write(ref w); break;
            case OP_SEEK: new SEEK4args { sa_stateid = stateId }.Write(ref w); break;
            case OP_IO_ADVISE: stateId.Write(ref w); w.U64(0); w.U64(1); Bitmap(ref w); break;
            case OP_SETXATTR: new SETXATTR4args { sxa_key = "user.x"u8, sxa_value = "value"u8 }.Write(ref w); break;
            case OP_LISTXATTRS: new LISTXATTRS4args { lxa_maxcount = 1000 }.Write(ref w); break;
        }
    }

    public static void ExchangeId(string owner, ref XdrWriter w)
    {
        w.Fixed(Eight);
        w.Opaque(System.Text.Encoding.UTF8.GetBytes(owner));
        w.U32(0);
        w.U32(0);
        w.U32(1);
        w.Opaque("example.org"u8);
        w.Opaque("tests"u8);
        w.I64(0);
        w.U32(0);
    }

    public static void CreateSession(ulong clientId, uint sequence, ref XdrWriter w)
    {
        w.U64(clientId);
        w.U32(sequence);
        w.U32(0);
        for (int channel = 0; channel < 2; channel++)
        {
            w.U32(0);
            w.U32(1 << 20);
            w.U32(1 << 20);
            w.U32(4096);
            w.U32(32);
            w.U32(8);
            w.U32(0);
        }
        w.U32(0x4000_0000);
        w.U32(1);
        w.U32(0);
    }

    private static void Bitmap(ref XdrWriter w)
    {
        w.U32(2);
        w.U32(0x0010_001A);
        w.U32(0x0000_0002);
    }

    /// <summary>A mode.</summary>
    private static void Attributes(ref XdrWriter w)
    {
        w.U32(2);
        w.U32(0);
        w.U32(1 << (Nfs4Constants.FATTR4_MODE - 32));
        w.U32(4);
        w.U32(0x1A4);
    }

    private static void Create(ref XdrWriter w)
    {
        w.U32((uint)nfs_ftype4.NF4CHR);
        w.U32(1);
        w.U32(3);
        w.Opaque("null"u8);
        Attributes(ref w);
    }

    private static void Lock(in stateid4 stateId, in state_owner4 owner, ref XdrWriter w)
    {
        w.U32((uint)nfs_lock_type4.WRITE_LT);
        w.Bool(false);
        w.U64(0);
        w.U64(10);
        w.Bool(true);
        new open_to_lock_owner4 { open_seqid = 1, open_stateid = stateId, lock_owner = owner }.Write(ref w);
    }

    private static void Open(in state_owner4 owner, ref XdrWriter w)
    {
        w.U32(1);
        w.U32(3);
        w.U32(0);
        owner.Write(ref w);
        w.U32((uint)opentype4.OPEN4_CREATE);
        w.U32((uint)createmode4.UNCHECKED4);
        Attributes(ref w);
        w.U32((uint)open_claim_type4.CLAIM_NULL);
        w.Opaque("file"u8);
    }

    private static void SetClientId(ref XdrWriter w)
    {
        w.Fixed(Eight);
        w.Opaque("client"u8);
        w.U32(0x4000_0000);
        w.Opaque("tcp"u8);
        w.Opaque("127.0.0.1.8.1"u8);
        w.U32(1);
    }

    private static void Copy(in stateid4 stateId, ref XdrWriter w)
    {
        stateId.Write(ref w);
        stateId.Write(ref w);
        w.U64(0);
        w.U64(0);
        w.U64(10);
        w.Bool(true);
        w.Bool(true);
        w.U32(0);
    }
}
