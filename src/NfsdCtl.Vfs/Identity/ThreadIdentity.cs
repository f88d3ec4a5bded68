using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

/// <summary>
/// The file-system identity of the current thread (setfsuid and friends, by raw system calls so that only this thread
/// changes). Set absolutely and verified; skipped when it is the same as before. A thread that takes an identity is a
/// dedicated one: it also gets a umask of its own (0, so that modes come out as the client asked), and loses
/// CAP_SYS_RESOURCE, so that quotas and the reserve for root hold for clients as in nfsd_setuser (fs/nfsd/auth.c).
/// </summary>
public static class ThreadIdentity
{
    [ThreadStatic]
    private static bool prepared;

    /// <summary>False while the identity is being changed, and after that failed: then it is none that may be relied on.</summary>
    [ThreadStatic]
    private static bool known;

    [ThreadStatic]
    private static Credential current;

    /// <exception cref="InvalidOperationException">The kernel refused: the server is not root.</exception>
    public static void Become(in Credential credential)
    {
        if (known && current.Equals(credential))
            return;
        Switch(credential);
    }

    /// <summary>
    /// Root again, on a thread that has taken an identity before. Any other thread is root and stays as it is.
    /// </summary>
    public static void BecomeRoot()
    {
        if (prepared)
            Become(default);
    }

    private static void Switch(in Credential credential)
    {
        if (!prepared)
            Prepare();
        known = false;
        // Root's capabilities come back with fsuid 0 (cap_task_fix_setuid), and setgroups and setfsgid need them.
        Credentials.SetFsUid(0);
        if (Credentials.SetGroups(credential.Groups) < 0)
            throw new InvalidOperationException("setgroups: " + Errno.Describe(Errno.Last) + "; the server must run as root");
        Credentials.SetFsGid(credential.Gid);
        Credentials.SetFsUid(credential.Uid);
        if (Credentials.SetFsGid(uint.MaxValue) != credential.Gid || Credentials.SetFsUid(uint.MaxValue) != credential.Uid)
            throw new InvalidOperationException("the kernel did not take the caller's uid and gid; the server must run as root");
        current = credential;
        known = true;
    }

    private static void Prepare()
    {
        if (Credentials.UnshareFileSystemInfo() < 0)
            throw new InvalidOperationException("unshare(CLONE_FS): " + Errno.Describe(Errno.Last));
        Credentials.SetUmask(0);
        if (Credentials.DropEffectiveCapability(Credentials.CAP_SYS_RESOURCE) < 0)
            throw new InvalidOperationException("capset: " + Errno.Describe(Errno.Last));
        prepared = true;
    }
}
