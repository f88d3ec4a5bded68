using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// Data of at most so many bytes is written out by those who commit the journal: more would keep others' changes waiting.
    /// </summary>
    private const ulong MostShared = 64 * 1024;

    /// <summary>
    /// Makes written data stable: the whole file's, whatever range is named (which RFC 1813 §3.3.21 allows). Concurrent calls
    /// for one file share one fdatasync, and small files where there is a journal its commits.
    /// </summary>
    public VfsStatus Commit(in FileRef file, ulong offset, uint count, out WccData wcc)
    {
        ulong verifier = file.Volume.WriteVerifier;
        FillBefore(file, out wcc);
        var status = RequireRegular(file);
        if (status == VfsStatus.Ok && file.Export.Options.ReadOnly)
            status = VfsStatus.RoFs;
        if (status == VfsStatus.Ok)
            status = CheckData(file, wcc.After, Files.W_OK);
        if (status == VfsStatus.Ok && file.Export.Options.Sync)
            status = SharedCommit(file, wcc.After.Size) is { } journal ? CommitData(file, journal, 0, 0, verifier) : Sync(file, DataSync);
        FillAfter(file, ref wcc);
        return status;
    }

    /// <summary>
    /// 8 bytes that change when unstable data of this file's filesystem may have been lost: at each start of the server and
    /// after a failed sync (RFC 1813 §3.3.7, writeverf3).
    /// </summary>
    public ulong WriteVerifier(in FileRef file) => file.Volume.WriteVerifier;

    /// <summary>
    /// Makes the last change of this directory or file's metadata stable before the reply leaves. On a filesystem with one journal the
    /// reply is held, if it can be, until the journal's next commit, which all changes until then share; elsewhere concurrent calls
    /// for one file share a sync. Does nothing on <c>async</c> exports and on filesystems that live in memory.
    /// </summary>
    public VfsStatus CommitMetadata(in FileRef file)
    {
        if (!file.Export.Options.Sync || file.Volume.LivesInMemory)
            return VfsStatus.Ok;
        if (file.Volume.Journal is { } journal)
            return Await(file, journal, default);
        if (file.Type == FileType.Regular)
            return Sync(file, FullSync);
        // What is neither file nor directory is only metadata, and goes to disk with its directory.
        return file.Type == FileType.Directory ? SyncDirectory(file) : VfsStatus.Ok;
    }

    /// <summary>
    /// Holds the reply of a call that is answered out of memory until all that was changed before is stable. False when something could not be
    /// made stable a short while ago: then what is remembered may have become an error.
    /// </summary>
    public bool AwaitStable(IBlockingHook call)
    {
        bool good = true;
        foreach (var volume in exports.FileSystems.All)
        {
            if (volume.Journal is not { } journal)
                continue;
            good &= !journal.HasFailedLately;
            if (journal.IsBusy && call.HoldReply() is { } hold)
                journal.Add(hold);
        }
        return good;
    }

    /// <summary>Has the reply wait for the journal, or waits for it.</summary>
    private static VfsStatus Await(in FileRef file, Journal journal, in DirtyRange data)
    {
        if (file.HoldReply() is { } hold)
        {
            journal.Add(hold, data);
            return VfsStatus.Ok;
        }
        file.BeforeBlocking();
        var waiter = JournalWaiter.Current;
        journal.Add(waiter, data);
        return waiter.Wait() ? VfsStatus.Ok : VfsStatus.Io;
    }

    /// <summary>The journal that makes so much data stable along with the metadata; null where the file is to be synced by itself.</summary>
    private static Journal? SharedCommit(in FileRef file, ulong length) =>
        length <= MostShared && file.Volume.Journal is { TakesData: true } journal ? journal : null;

    /// <summary>Has the reply wait until this part of the file is on disk.</summary>
    private VfsStatus CommitData(in FileRef file, Journal journal, ulong offset, ulong length, ulong verifier)
    {
        return file.Node.AcquireData(forWriting: true, nodes.Now, out int descriptor) switch
        {
            VfsStatus.Ok => Await(file, journal, new DirtyRange(file.Node, descriptor, offset, length, verifier)),
            // Nothing can be dirty any more.
            VfsStatus.RoFs => VfsStatus.Ok,
            var status => status,
        };
    }

    private VfsStatus Sync(in FileRef file, Func<int, int> sync)
    {
        ulong verifier = file.Volume.WriteVerifier;
        if (file.Volume.LivesInMemory)
            return VfsStatus.Ok;
        var status = file.Node.AcquireData(forWriting: true, nodes.Now, out int descriptor);
        if (status == VfsStatus.RoFs)
            return VfsStatus.Ok;
        if (status != VfsStatus.Ok)
            return status;
        file.BeforeBlocking();
        var group = ReferenceEquals(sync, DataSync) ? file.Node.DataSyncs : file.Node.Syncs;
        int error = group.Run(sync, descriptor);
        // After a failed write-back the kernel forgets the pages: whatever was unstable may be gone. It tells that once to an open file, and
        // another of its users may have been told first.
        if (error != 0)
            file.Volume.ChangeWriteVerifier();
        else if (file.Volume.WriteVerifier != verifier)
            error = Errno.EIO;
        file.Node.ReleaseData();
        return ErrnoMap.ToStatus(error);
    }

    private static VfsStatus SyncDirectory(in FileRef directory)
    {
        directory.BeforeBlocking();
        ThreadIdentity.BecomeRoot();
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(directory.Node.Descriptor, ref path);
        int descriptor = Files.OpenAt(Files.AT_FDCWD, (byte*)&path, Descriptors.O_RDONLY | Files.O_DIRECTORY | Descriptors.O_CLOEXEC, 0);
        if (descriptor < 0)
            return ErrnoMap.Last;
        int error = directory.Node.Syncs.Run(FullSync, descriptor);
        Descriptors.Close(descriptor);
        return ErrnoMap.ToStatus(error);
    }
}
