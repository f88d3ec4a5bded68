using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// Size first, since it can fail for want of room; then owner, mode (a change of owner clears set-id bits) and times. One
    /// SETATTR of a file at a time, so that a guard and its change are one step among clients.
    /// </summary>
    public VfsStatus SetAttr(in FileRef file, in SetAttributes set, out WccData wcc)
    {
        lock (file.Node.ChangeGate)
        {
            FillBefore(file, out wcc);
            var status = wcc.HasBefore ? CheckChange(file, set, wcc) : VfsStatus.Stale;
            if (status == VfsStatus.Ok && set.Size is { } size)
                status = Truncate(file, wcc.After, size);
            if (status == VfsStatus.Ok)
            {
                ThreadIdentity.Become(file.Credential);
                status = Apply(file.Node.Descriptor, set, wcc.After);
            }
            FillAfter(file, ref wcc);
            return status;
        }
    }

    private static VfsStatus CheckChange(in FileRef file, in SetAttributes set, in WccData wcc)
    {
        if (file.Export.Options.ReadOnly)
            return VfsStatus.RoFs;
        if (set.GuardCtime is { } guard && guard != wcc.CtimeBefore)
            return VfsStatus.NotSync;
        if (set.Size is { } size && size > long.MaxValue)
            return VfsStatus.FBig;
        return set.Size is null ? VfsStatus.Ok : RequireRegular(file);
    }

    private VfsStatus Truncate(in FileRef file, in Attributes before, ulong size)
    {
        var status = CheckData(file, before, Files.W_OK);
        if (status != VfsStatus.Ok)
            return status;
        status = file.Node.AcquireData(forWriting: true, nodes.Now, out int descriptor);
        if (status != VfsStatus.Ok)
            return status;
        ThreadIdentity.Become(file.Credential);
        int error = Files.FTruncate(descriptor, (long)size) < 0 ? Errno.Last : 0;
        file.Node.ReleaseData();
        return ErrnoMap.ToStatus(error);
    }

    /// <summary>Owner, mode and times, as the identity that the thread has; what already is as asked is left alone.</summary>
    private static VfsStatus Apply(int descriptor, in SetAttributes set, in Attributes now)
    {
        byte empty = 0;
        if (set.Uid is not null || set.Gid is not null)
        {
            // Also when nothing would change: the kernel says whether the caller may, and clears set-id bits.
            if (Files.FChOwnAt(descriptor, &empty, set.Uid ?? uint.MaxValue, set.Gid ?? uint.MaxValue, Files.AT_EMPTY_PATH | Files.AT_SYMLINK_NOFOLLOW) < 0)
                return ErrnoMap.Last;
        }
        if (set.Mode is { } mode && now.Type != FileType.Symlink)
        {
            var path = default(NameBuffer);
            NameBuffer.SetDescriptorPath(descriptor, ref path);
            if (Files.FChModAt(Files.AT_FDCWD, (byte*)&path, mode & 0xFFF, 0) < 0)
                return ErrnoMap.Last;
        }
        if (set.SetAtime == SetTime.DontChange && set.SetMtime == SetTime.DontChange)
            return VfsStatus.Ok;
        var times = stackalloc TimeSpec[2];
        times[0] = ToTimeSpec(set.SetAtime, set.Atime);
        times[1] = ToTimeSpec(set.SetMtime, set.Mtime);
        return Files.UTimeNsAt(descriptor, &empty, times, Files.AT_EMPTY_PATH | Files.AT_SYMLINK_NOFOLLOW) < 0 ? ErrnoMap.Last : VfsStatus.Ok;
    }

    private static TimeSpec ToTimeSpec(SetTime how, VfsTime time) => how switch
    {
        SetTime.DontChange => new TimeSpec { Nanoseconds = Files.UTIME_OMIT },
        SetTime.ToServerTime => new TimeSpec { Nanoseconds = Files.UTIME_NOW },
        _ => new TimeSpec { Seconds = time.Seconds, Nanoseconds = Math.Min(time.Nanoseconds, 999_999_999) },
    };
}
