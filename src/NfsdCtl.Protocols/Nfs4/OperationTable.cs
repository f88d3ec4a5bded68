using NfsdCtl.Protocols.Nfs4.Operations;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.nfsstat4;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>Every operation that is served, with what the engine checks for it.</summary>
internal static class OperationTable
{
    /// <summary>One more than the highest number.</summary>
    public const int Count = (int)OP_REMOVEXATTR + 1;

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(OP_ACCESS, Access.Execute),
        new(OP_GETATTR, GetAttr.Execute),
        new(OP_GETFH, GetFh.Execute) { Room = GetFh.Room },
        new(OP_LOOKUP, Lookup.Execute),
        new(OP_LOOKUPP, LookupP.Execute),
        new(OP_PUTFH, PutFh.Execute) { NeedsCurrent = false },
        new(OP_PUTPUBFH, PutRootFh.Execute) { NeedsCurrent = false },
        new(OP_PUTROOTFH, PutRootFh.Execute) { NeedsCurrent = false },
        new(OP_READLINK, ReadLink.Execute) { OnPseudo = NFS4ERR_INVAL },
        new(OP_RESTOREFH, RestoreFh.Execute) { NeedsCurrent = false },
        new(OP_SAVEFH, SaveFh.Execute),
    ];

    private static readonly Operation?[] ByNumber = Index();

    /// <summary>The operation of that number in a minor version; null when there is none (OP_ILLEGAL).</summary>
    public static Operation? Find(uint number, uint minorVersion) =>
        number < Count && ByNumber[number] is { } operation && minorVersion >= operation.Since ? operation : null;

    private static Operation?[] Index()
    {
        var index = new Operation?[Count];
        foreach (var operation in All)
            index[(int)operation.Number] = operation;
        return index;
    }
}
