using System.Collections.Concurrent;
using NfsdCtl.AdminFs;
using NfsdCtl.Fuse;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.SystemTests.Fuse;

/// <summary>The admin files over a fake server, really mounted on a directory of their own.</summary>
public abstract class MountFixture
{
    protected FakeServerControl Control { get; private set; } = new();

    protected ConcurrentQueue<AuditRecord> Audit { get; } = new();

    protected ConcurrentQueue<Exception> Bugs { get; } = new();

    protected ManualResetEventSlim ForeignUnmount { get; private set; } = new();

    protected string Base { get; private set; } = "";

    protected string Admin { get; private set; } = "";

    protected FuseMount? Mounted { get; private set; }

    [SetUp]
    public void MountIt()
    {
        if (Environment.UserName != "root" || !File.Exists("/dev/fuse"))
            Assert.Ignore("needs root and /dev/fuse");
        Control = new FakeServerControl();
        Control.Served.Add(NetAddress.FromV4(0x0A000001));
        ForeignUnmount = new ManualResetEventSlim();
        Audit.Clear();
        Bugs.Clear();
        Base = Directory.CreateTempSubdirectory("nfsdctl-admin-").FullName;
        Admin = Path.Combine(Base, "admin");
        Mounted = MountAt(Admin);
    }

    [TearDown]
    public void UnmountIt()
    {
        Mounted?.Dispose();
        ForeignUnmount.Dispose();
        if (Base.Length == 0)
            return;
        Assert.That(MountTable.Read().Where(m => m.MountPoint.StartsWith(Base, StringComparison.Ordinal)), Is.Empty, "mounts left behind");
        Directory.Delete(Base, recursive: true);
        Assert.That(Bugs, Is.Empty);
    }

    protected FuseMount MountAt(string directory) => FuseMount.Mount(
        directory,
        new AdminFileSystem(new AdminHost(Control, TimeProvider.System, Audit.Enqueue)),
        new FuseMountOptions("nfsdctl")
        {
            OnBug = Bugs.Enqueue,
            OnForeignUnmount = ForeignUnmount.Set,
            InterruptPatience = TimeSpan.FromMilliseconds(300),
        });

    protected ShellResult Sh(string script, string shell = "/bin/bash") => Shell.Run(Admin, script, shell);
}
