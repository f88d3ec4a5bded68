using NfsdCtl.State.Replies;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3;

/// <summary>NFS version 3 (RFC 1813).</summary>
public sealed class Nfs3Program : RpcProgram
{
    private readonly FileService files;
    private readonly ReplyCache replies;
    private readonly long[] counts = new long[Nfs3Procedure.Table.Length];

    /// <param name="files">The exported files.</param>
    /// <param name="replies">Where the replies of calls that must not run twice are remembered.</param>
    public Nfs3Program(FileService files, ReplyCache replies)
        : base("nfs", NFS_PROGRAM.Number, NFS_PROGRAM.NFS_V3.Number)
    {
        this.files = files;
        this.replies = replies;
    }

    /// <summary>The name of each procedure and how often it was called since the start.</summary>
    public IEnumerable<(string Name, long Calls)> Counts =>
        Nfs3Procedure.Table.Select((procedure, i) => (procedure.Name, Volatile.Read(ref counts[i])));

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (call.Procedure >= (uint)Nfs3Procedure.Table.Length)
            return AcceptStatus.ProcUnavail;
        // Counted without an atomic addition: a lost count is cheaper than a cache line that all cores fight for.
        counts[call.Procedure]++;
        var procedure = Nfs3Procedure.Table[call.Procedure];
        if (reply.Room < procedure.Room)
            call.EnsureRoom(ref reply, procedure.Room);
        return procedure.Remembered
            ? ExecuteOnce(procedure, call, ref arguments, ref reply)
            : procedure.Handler(new Nfs3Call(files, call), ref arguments, ref reply);
    }

    private AcceptStatus ExecuteOnce(Nfs3Procedure procedure, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        var key = new ReplyKey(call.PeerAddress, call.Xid, ReplyKey.Pack(call.Program, call.Version, call.Procedure),
            ReplyKey.Sum(arguments.Rest, (ulong)call.Uid << 32 | call.Gid));
        int start = reply.Position;
        var room = reply.Take(ReplyCache.MaxReply);
        var known = replies.Begin(key, room, out int length, out var ticket);
        reply.Position = start;
        if (known == ReplyCacheAnswer.InProgress)
            return AcceptStatus.Drop;
        if (known == ReplyCacheAnswer.Replay)
        {
            reply.Take(length);
            // The first reply may still wait for the disk.
            return files.AwaitStable(call) ? AcceptStatus.Success : AcceptStatus.SystemErr;
        }
        var untouched = arguments;
        bool done = false;
        try
        {
            var accepted = procedure.Handler(new Nfs3Call(files, call), ref arguments, ref reply);
            var result = reply.Written[start..];
            done = accepted == AcceptStatus.Success && !IsJukebox(result);
            if (done)
                replies.Complete(ticket, new Scope(call.LocalAddress, FileSystemOf(untouched)), result);
            return accepted;
        }
        finally
        {
            if (!done)
                replies.Abandon(ticket);
        }
    }

    /// <summary>The first argument of every remembered procedure is the handle of what it changes, or of its directory.</summary>
    private FsId FileSystemOf(XdrReader arguments) =>
        nfs_fh3.Read(ref arguments, out var handle) ? files.FileSystemOf(handle.data) : FsId.Any;

    private static bool IsJukebox(ReadOnlySpan<byte> result) =>
        new XdrReader(result).U32() == (uint)nfsstat3.NFS3ERR_JUKEBOX;
}
