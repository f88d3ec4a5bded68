using System.Collections.Concurrent;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>
/// Copies that go on after their answer (RFC 7862 §4), each on a thread that acts as who asked for it. The state admits no more of them than there are
/// threads. Between two slices a copy looks whether it is still wanted, so a filesystem that is to be unmounted is let go soon.
/// </summary>
public sealed class CopyJobs(ServerState state, FileService files, EffectRunner effects) : IDisposable
{
    /// <summary>The most bytes between two looks, as knfsd has them (nfsd_copy_file_range).</summary>
    private const ulong Slice = 4 << 20;

    /// <summary>How long the end of copies under way is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<CopyJob> jobs = [];
    private Thread[] threads = [];
    private volatile bool ended;

    /// <summary>
    /// Starts the threads, as many as <see cref="StateOptions.MaxOffloads"/> says. Called while the server is root and no thread has taken a client's
    /// identity.
    /// </summary>
    public void Start(int count)
    {
        threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            threads[i] = new Thread(Loop) { IsBackground = true, Name = $"copy-{i}" };
            threads[i].Start();
        }
    }

    /// <summary>Copies under way are given up: nobody is told, as after a crash.</summary>
    public void Dispose()
    {
        ended = true;
        jobs.CompleteAdding();
        long until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        // One that hangs in a filesystem that does not answer ends with the process.
        if (Array.TrueForAll(threads, t => t.Join((int)Math.Max(0, until - Environment.TickCount64))))
            jobs.Dispose();
    }

    /// <summary>Goes on with the copy on a thread of its own; the job's files are let go there.</summary>
    internal void Add(CopyJob job) => jobs.Add(job);

    private void Loop()
    {
        foreach (var job in jobs.GetConsumingEnumerable())
            Execute(job);
    }

    private void Execute(CopyJob job)
    {
        Nfs4Status result;
        try
        {
            result = (Nfs4Status)Copy(job).ToNfs();
        }
        catch (Exception bug)
        {
            result = (Nfs4Status)nfsstat4.NFS4ERR_SERVERFAULT;
            effects.Warn($"a copy was given up: {bug}");
        }
        ThreadIdentity.BecomeRoot();
        job.Dispose();
        if (ended)
            return;
        var own = new EffectList();
        using (var gate = state.Enter(own))
            state.Nfs4.Offloads.Finish(gate, job.Offload, result);
        effects.Run(own);
    }

    private VfsStatus Copy(CopyJob job)
    {
        ulong done = 0;
        while (done < job.Length && !job.Offload.IsStopped && !ended)
        {
            var status = files.CopyRange(
                job.Source, job.SourceOffset + done, job.Target, job.TargetOffset + done, Math.Min(Slice, job.Length - done), out ulong copied);
            if (status != VfsStatus.Ok)
                return status;
            // Its end came nearer meanwhile: a short count says so.
            if (copied == 0)
                break;
            job.Offload.Advance(done += copied);
        }
        return VfsStatus.Ok;
    }
}

/// <summary>A copy that goes on: what is left of the call that asked for it.</summary>
internal sealed class CopyJob(Offload offload, in FileRef source, in FileRef target) : IDisposable
{
    public FileRef Source = source.Keep();
    public FileRef Target = target.Keep();

    public Offload Offload { get; } = offload;

    public required ulong SourceOffset { get; init; }

    public required ulong TargetOffset { get; init; }

    /// <summary>In bytes.</summary>
    public required ulong Length { get; init; }

    public void Dispose()
    {
        Source.Dispose();
        Target.Dispose();
    }
}
