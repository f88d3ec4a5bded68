using NfsdCtl.Protocols.Mount.Procedures;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount;

/// <summary>Answers one procedure: GARBAGE_ARGS when the arguments cannot be decoded, else a result, failures included.</summary>
internal delegate AcceptStatus MountHandler(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply);

/// <summary>
/// The MOUNT protocol, version 3 (RFC 1813 §5) and version 1 (RFC 1094 appendix A). The two differ in the result of MNT only.
/// </summary>
public sealed class MountProgram : RpcProgram
{
    private static readonly MountHandler[] Version3 =
        [Null, Mnt.Execute, Dump.Execute, Umnt.Execute, UmntAll.Execute, Procedures.Export.Execute];

    private static readonly MountHandler[] Version1 =
        [Null, MntVersion1.Execute, Dump.Execute, Umnt.Execute, UmntAll.Execute, Procedures.Export.Execute];

    private readonly Func<IEnumerable<Vfs.Exports.Export>> exports;

    /// <param name="files">The exported files.</param>
    /// <param name="exports">What is exported now, in the order of the list that EXPORT shows.</param>
    /// <param name="mounts">Who mounted what.</param>
    public MountProgram(FileService files, Func<IEnumerable<Vfs.Exports.Export>> exports, MountTable mounts)
        : base("mountd", MOUNT_PROGRAM.Number, MOUNT_PROGRAM.MOUNT_V1.Number, MOUNT_PROGRAM.MOUNT_V3.Number)
    {
        Files = files;
        Mounts = mounts;
        this.exports = exports;
    }

    internal FileService Files { get; }

    internal MountTable Mounts { get; }

    internal IEnumerable<Vfs.Exports.Export> Exports => exports();

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        var procedures = call.Version == MOUNT_PROGRAM.MOUNT_V1.Number ? Version1 : Version3;
        return call.Procedure < (uint)procedures.Length
            ? procedures[call.Procedure](this, call, ref arguments, ref reply)
            : AcceptStatus.ProcUnavail;
    }

    private static AcceptStatus Null(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply) =>
        AcceptStatus.Success;
}
