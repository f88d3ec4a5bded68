using NfsdCtl.Protocols.Nfs4.Operations;
using NfsdCtl.State.Nfs4;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.nfsstat4;
using Lock = NfsdCtl.Protocols.Nfs4.Operations.Lock;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>Every operation that there is, with what the engine checks for it.</summary>
internal static class OperationTable
{
    /// <summary>One more than the highest number.</summary>
    public const int Count = (int)OP_REMOVEXATTR + 1;

    public static IReadOnlyList<Operation> All { get; } = [.. Minor0(), .. Minor1(), .. Minor2()];

    private static readonly Operation?[] ByNumber = Index();

    /// <summary>The operation of that number in a minor version; null when there is none (OP_ILLEGAL).</summary>
    public static Operation? Find(uint number, uint minorVersion) =>
        number < Count && ByNumber[number] is { } operation && minorVersion >= operation.Since ? operation : null;

    private static IEnumerable<Operation> Minor0() =>
    [
        new(OP_ACCESS, Access.Execute),
        new(OP_CLOSE, Close.Execute) { OnPseudo = NFS4ERR_BAD_STATEID },
        new(OP_COMMIT, Commit.Execute) { OnPseudo = NFS4ERR_ISDIR, Room = Commit.Room },
        new(OP_CREATE, Create.Execute) { OnPseudo = NFS4ERR_ROFS, Room = Create.Room, Remembered = true },
        Missing(OP_DELEGPURGE, 0),
        new(OP_DELEGRETURN, DelegReturn.Execute),
        new(OP_GETATTR, GetAttr.Execute),
        new(OP_GETFH, GetFh.Execute) { Room = GetFh.Room },
        new(OP_LINK, Link.Execute) { OnPseudo = NFS4ERR_ROFS, Room = Link.Room, Remembered = true },
        new(OP_LOCK, Lock.Execute) { OnPseudo = NFS4ERR_ISDIR, Room = StateId.Size, KeepsBodyOnFailure = true },
        new(OP_LOCKT, LockT.Execute) { OnPseudo = NFS4ERR_ISDIR, KeepsBodyOnFailure = true },
        new(OP_LOCKU, LockU.Execute) { OnPseudo = NFS4ERR_BAD_STATEID, Room = StateId.Size },
        new(OP_LOOKUP, Lookup.Execute),
        new(OP_LOOKUPP, LookupP.Execute),
        new(OP_NVERIFY, NVerify.Execute),
        new(OP_OPEN, Open.Execute) { Room = Open.Room },
        Missing(OP_OPENATTR, 0),
        new(OP_OPEN_CONFIRM, OpenConfirm.Execute) { RetiredIn = 1, OnPseudo = NFS4ERR_BAD_STATEID, Room = StateId.Size },
        new(OP_OPEN_DOWNGRADE, OpenDowngrade.Execute) { OnPseudo = NFS4ERR_BAD_STATEID, Room = StateId.Size },
        new(OP_PUTFH, PutFh.Execute) { NeedsCurrent = false },
        new(OP_PUTPUBFH, PutRootFh.Execute) { NeedsCurrent = false },
        new(OP_PUTROOTFH, PutRootFh.Execute) { NeedsCurrent = false },
        new(OP_READ, Read.Execute) { OnPseudo = NFS4ERR_ISDIR },
        new(OP_READDIR, ReadDir.Execute),
        new(OP_READLINK, ReadLink.Execute),
        new(OP_REMOVE, Remove.Execute) { OnPseudo = NFS4ERR_ROFS, Room = Remove.Room, Remembered = true },
        new(OP_RENAME, Rename.Execute) { OnPseudo = NFS4ERR_ROFS, Room = Rename.Room, Remembered = true },
        new(OP_RENEW, Renew.Execute) { RetiredIn = 1, NeedsCurrent = false },
        new(OP_RESTOREFH, RestoreFh.Execute) { NeedsCurrent = false },
        new(OP_SAVEFH, SaveFh.Execute),
        new(OP_SECINFO, SecInfo.Execute) { Room = SecInfo.Room },
        new(OP_SETATTR, SetAttr.Execute) { OnPseudo = NFS4ERR_ROFS, Room = SetAttr.Room, KeepsBodyOnFailure = true, FailureWords = 1, Remembered = true },
        new(OP_SETCLIENTID, SetClientId.Execute) { RetiredIn = 1, NeedsCurrent = false, Room = 16, KeepsBodyOnFailure = true },
        new(OP_SETCLIENTID_CONFIRM, SetClientIdConfirm.Execute) { RetiredIn = 1, NeedsCurrent = false },
        new(OP_VERIFY, Verify.Execute),
        new(OP_WRITE, Write.Execute) { OnPseudo = NFS4ERR_ISDIR, Room = Write.Room },
        new(OP_RELEASE_LOCKOWNER, ReleaseLockOwner.Execute) { RetiredIn = 1, NeedsCurrent = false },
    ];

    private static IEnumerable<Operation> Minor1() =>
    [
        new(OP_BACKCHANNEL_CTL, BackchannelCtl.Execute) { Since = 1, NeedsCurrent = false },
        new(OP_BIND_CONN_TO_SESSION, BindConnToSession.Execute) { Since = 1, NeedsCurrent = false, Place = SessionPlace.Alone, Room = BindConnToSession.Room },
        new(OP_EXCHANGE_ID, ExchangeId.Execute) { Since = 1, NeedsCurrent = false, Place = SessionPlace.InSessionOrAlone },
        new(OP_CREATE_SESSION, CreateSession.Execute) { Since = 1, NeedsCurrent = false, Place = SessionPlace.InSessionOrAlone, Room = CreateSession.Room },
        new(OP_DESTROY_SESSION, DestroySession.Execute) { Since = 1, NeedsCurrent = false, Place = SessionPlace.InSessionOrAlone },
        new(OP_FREE_STATEID, FreeStateId.Execute) { Since = 1, NeedsCurrent = false },
        Missing(OP_GET_DIR_DELEGATION, 1),
        Missing(OP_GETDEVICEINFO, 1),
        Missing(OP_GETDEVICELIST, 1),
        Missing(OP_LAYOUTCOMMIT, 1),
        Missing(OP_LAYOUTGET, 1),
        Missing(OP_LAYOUTRETURN, 1),
        new(OP_SECINFO_NO_NAME, SecInfoNoName.Execute) { Since = 1, Room = SecInfo.Room },
        new(OP_SEQUENCE, Sequence.Execute) { Since = 1, NeedsCurrent = false, Place = SessionPlace.First, Room = Sequence.Room },
        Missing(OP_SET_SSV, 1),
        new(OP_TEST_STATEID, TestStateId.Execute) { Since = 1, NeedsCurrent = false },
        Missing(OP_WANT_DELEGATION, 1),
        new(OP_DESTROY_CLIENTID, DestroyClientId.Execute) { Since = 1, NeedsCurrent = false, Place = SessionPlace.InSessionOrAlone },
        new(OP_RECLAIM_COMPLETE, ReclaimComplete.Execute) { Since = 1, NeedsCurrent = false },
    ];

    private static IEnumerable<Operation> Minor2() =>
    [
        new(OP_ALLOCATE, Allocate.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR },
        new(OP_COPY, Copy.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR, Room = Copy.Room },
        Missing(OP_COPY_NOTIFY, 2),
        new(OP_DEALLOCATE, Deallocate.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR },
        new(OP_IO_ADVISE, IoAdvise.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR },
        Missing(OP_LAYOUTERROR, 2),
        Missing(OP_LAYOUTSTATS, 2),
        new(OP_OFFLOAD_CANCEL, OffloadCancel.Execute) { Since = 2, OnPseudo = NFS4ERR_BAD_STATEID },
        new(OP_OFFLOAD_STATUS, OffloadStatus.Execute) { Since = 2, OnPseudo = NFS4ERR_BAD_STATEID },
        new(OP_READ_PLUS, ReadPlus.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR },
        new(OP_SEEK, Seek.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR, Room = Seek.Room },
        Missing(OP_WRITE_SAME, 2),
        new(OP_CLONE, Clone.Execute) { Since = 2, OnPseudo = NFS4ERR_ISDIR },
        new(OP_GETXATTR, GetXattr.Execute) { Since = 2, OnPseudo = NFS4ERR_NOTSUPP },
        new(OP_SETXATTR, SetXattr.Execute) { Since = 2, OnPseudo = NFS4ERR_ROFS, Room = SetXattr.Room },
        new(OP_LISTXATTRS, ListXattrs.Execute) { Since = 2, OnPseudo = NFS4ERR_NOTSUPP },
        new(OP_REMOVEXATTR, RemoveXattr.Execute) { Since = 2, OnPseudo = NFS4ERR_ROFS, Room = RemoveXattr.Room },
    ];

    /// <summary>An operation of an optional feature that is not here (RFC 8881 §17).</summary>
    private static Operation Missing(nfs_opnum4 number, uint since) =>
        new(number, NotSupported.Execute) { Since = since, RetiredIn = since, NeedsCurrent = false };

    private static Operation?[] Index()
    {
        var index = new Operation?[Count];
        foreach (var operation in All)
            index[(int)operation.Number] = operation;
        return index;
    }
}
