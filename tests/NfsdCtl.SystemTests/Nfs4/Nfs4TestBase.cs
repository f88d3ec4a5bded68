using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>One fresh filesystem, a tmpfs unless said otherwise, and one fresh server for each test.</summary>
[TestFixture]
[NonParallelizable]
public abstract class Nfs4TestBase
{
    protected const nfsstat4 Ok = nfsstat4.NFS4_OK;

    private TestFileSystem fileSystem = null!;

    protected Nfs4TestServer Server { get; private set; } = null!;

    protected string ExportPath => Server.Nfs3.ExportPath;

    /// <summary>The handle of the exported directory; versions 3 and 4 have the same.</summary>
    protected byte[] Root => Server.Nfs3.Root;

    [SetUp]
    public void StartServer()
    {
        if (Environment.UserName != "root")
            Assert.Ignore("needs root: mounts filesystems and changes user ids");
        fileSystem = MakeFileSystem();
        Server = new Nfs4TestServer(fileSystem);
    }

    protected virtual TestFileSystem MakeFileSystem() => TestFileSystem.Tmpfs("size=16m");

    [TearDown]
    public void StopServer()
    {
        Server?.Dispose();
        fileSystem?.Dispose();
    }
}
