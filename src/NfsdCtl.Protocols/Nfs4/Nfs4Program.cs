using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Protocols.Nfs4.Pseudo;
using NfsdCtl.State;
using NfsdCtl.State.Records;
using NfsdCtl.State.Replies;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>NFS version 4: minor versions 0 (RFC 7530), 1 (RFC 8881) and 2 (RFC 7862, RFC 8276).</summary>
public sealed class Nfs4Program : RpcProgram
{
    private readonly Nfs4Service service;
    private readonly long[] counts = new long[OperationTable.Count];

    /// <param name="state">Clients, sessions, opens and locks.</param>
    /// <param name="files">The exported files.</param>
    /// <param name="records">Who may reclaim, on the disk.</param>
    /// <param name="localLocks">The kernel's locks for local programs.</param>
    /// <param name="effects">Does what the state asks for.</param>
    /// <param name="replies">Where answers of minor version 0 that must not be made twice are remembered.</param>
    /// <param name="copies">Makes the copies that go on after their answer.</param>
    /// <param name="options">The settings.</param>
    /// <param name="time">For how long names are kept, and since when the tree of exports is as it is.</param>
    public Nfs4Program(
        ServerState state, FileService files, IScopeRecords records, LocalLocks localLocks, EffectRunner effects, ReplyCache replies,
        CopyJobs copies, Nfs4Options options, TimeProvider time)
        : this(new Nfs4Service
        {
            State = state,
            Files = files,
            Attributes = new AttributeCodec(new OwnerNames(options.OwnerDomain, options.WriteOwnerNames, time)),
            Pseudo = new PseudoFileSystem(files, time),
            Records = new RecordWriter(state, records, effects),
            LocalLocks = localLocks,
            Effects = effects,
            OpenFiles = new OpenFiles(state, files, effects),
            Replies = replies,
            Copies = copies,
            Options = options,
        })
    {
    }

    internal Nfs4Program(Nfs4Service service)
        : base("nfs", NFS4_PROGRAM.Number, NFS4_PROGRAM.NFS_V4.Number) => this.service = service;

    /// <summary>The name of each operation and how often it was executed since the start.</summary>
    public IEnumerable<(string Name, long Calls)> Counts =>
        OperationTable.All.Select(operation => (operation.Name, Volatile.Read(ref counts[(int)operation.Number])));

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply) => call.Procedure switch
    {
        NFS4_PROGRAM.NFS_V4.NFSPROC4_NULL => AcceptStatus.Success,
        NFS4_PROGRAM.NFS_V4.NFSPROC4_COMPOUND => CompoundRunner.Execute(service, counts, call, ref arguments, ref reply),
        _ => AcceptStatus.ProcUnavail,
    };
}
