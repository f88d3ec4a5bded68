using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Rpc;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>One fresh filesystem for the fixture, one fresh server and directory for each test.</summary>
[TestFixture("tmpfs")]
[TestFixture("ext4")]
[NonParallelizable]
public abstract class Nfs3TestBase(string type)
{
    protected const nfsstat3 Ok = nfsstat3.NFS3_OK;

    private TestFileSystem fileSystem = null!;

    protected static TestUser Alice { get; } = new(1001, 1001);

    protected static TestUser Bob { get; } = new(1002, 1002, 2000);

    protected Nfs3TestServer Server { get; private set; } = null!;

    protected TestFileSystem FileSystem => fileSystem;

    protected Nfs3Client Nfs => Server.Nfs3;

    /// <summary>The handle of the directory that is this test's own.</summary>
    protected byte[] Dir { get; private set; } = null!;

    /// <summary>Its path on the server.</summary>
    protected string DirPath { get; private set; } = null!;

    [OneTimeSetUp]
    public void MountFileSystem()
    {
        if (Environment.UserName != "root")
            Assert.Ignore("needs root: mounts filesystems and changes user ids");
        fileSystem = TestFileSystem.Of(type);
    }

    [OneTimeTearDown]
    public void UnmountFileSystem() => fileSystem?.Dispose();

    [SetUp]
    public void StartServer()
    {
        Server = new Nfs3TestServer(fileSystem);
        string name = "t" + Guid.NewGuid().ToString("N")[..8];
        Dir = Made(Nfs.MkDir(Server.Root, name, Nfs3Client.Set(mode: 0x1FF)));
        DirPath = Path.Combine(Server.ExportPath, name);
    }

    [TearDown]
    public void StopServer()
    {
        Server?.Dispose();
        if (DirPath is not null)
            TestFileSystem.Run("rm", "-rf", Path.Combine(FileSystem.MountPoint, "export", Path.GetFileName(DirPath)));
    }

    protected static byte[] Made(CreateResult result)
    {
        Assert.That(result.Status, Is.EqualTo(Ok));
        Assert.That(result.Handle, Is.Not.Empty);
        return result.Handle;
    }

    /// <summary>A file with contents, made on the server's side.</summary>
    protected byte[] FileOf(string name, ReadOnlySpan<byte> contents)
    {
        File.WriteAllBytes(Path.Combine(DirPath, name), contents);
        return Find(name);
    }

    protected byte[] Find(string name)
    {
        var found = Nfs.Lookup(Dir, name);
        Assert.That(found.Status, Is.EqualTo(Ok));
        return found.Handle;
    }

    protected fattr3 AttributesOf(byte[] handle)
    {
        var result = Nfs.GetAttr(handle);
        Assert.That(result.Status, Is.EqualTo(Ok));
        return result.Attributes;
    }

    /// <summary>wcc_data has both halves, and the second is what the file is now.</summary>
    protected void AssertWcc(wcc_data wcc, byte[] handle, fattr3 before)
    {
        Assert.That(wcc.before.attributes_follow, Is.True);
        Assert.That(wcc.before.attributes, Is.EqualTo(new wcc_attr { size = before.size, mtime = before.mtime, ctime = before.ctime }));
        Assert.That(wcc.after.attributes_follow, Is.True);
        Assert.That(wcc.after.attributes, Is.EqualTo(AttributesOf(handle)));
    }

    protected void As(TestUser? user, Action action)
    {
        var before = Server.Channel.User;
        Server.Channel.User = user;
        try
        {
            action();
        }
        finally
        {
            Server.Channel.User = before;
        }
    }
}
