using System.Text;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.SystemTests.Vfs;

/// <summary>One fresh filesystem a test, and the file layer over it, on a thread that may take identities.</summary>
[NonParallelizable]
public abstract class VfsTestBase(string type)
{
    protected const uint AliceId = 1001;
    protected const uint BobId = 1002;

    private ImpersonationThread thread = null!;

    protected TestFileSystem Disk { get; private set; } = null!;

    protected FileService Files { get; private set; } = null!;

    protected ExportTable Exports { get; private set; } = null!;

    protected NodeCache Nodes { get; private set; } = null!;

    protected string Root => Disk.MountPoint;

    protected string FsIdOption => type == "tmpfs" ? ",fsid=77" : "";

    [SetUp]
    public void Open()
    {
        if (Environment.UserName != "root")
            Assert.Ignore("needs root: mounts filesystems and changes user ids");
        Disk = TestFileSystem.Of(type);
        TestFileSystem.Run("chmod", "777", Root);
        thread = new ImpersonationThread();
        Serve($"{Root} *(rw,insecure,no_root_squash{FsIdOption})\n");
    }

    [TearDown]
    public void Close()
    {
        thread?.Dispose();
        if (Disk is null)
            return;
        foreach (var fileSystem in Exports.FileSystems.All)
            Files.ReleaseFileSystem(fileSystem.Id, TimeSpan.FromSeconds(1));
        Disk.Dispose();
    }

    /// <summary>A new server's worth of objects with these exports, as after a restart.</summary>
    protected void Serve(string exportsText)
    {
        if (Exports is not null && Files is not null)
            foreach (var fileSystem in Exports.FileSystems.All)
                Files.ReleaseFileSystem(fileSystem.Id, TimeSpan.FromSeconds(1));
        var mounts = new MountTable();
        Exports = new ExportTable(new FileSystemTable(mounts, null), new NoNames(), _ => []);
        Nodes = new NodeCache(new NodeCacheSettings());
        Files = new FileService(Exports, Nodes, mounts, TimeProvider.System);
        var parsed = ExportParser.Parse("exports", exportsText);
        Assert.That(parsed.Errors, Is.Empty);
        Assert.That(Exports.Replace(parsed.Exports), Is.Empty);
    }

    protected void Run(Action action) => thread.Run(action);

    protected static Caller As(uint uid, params uint[] groups) => new()
    {
        Client = NetAddress.FromV4(0x7F000001),
        FromPrivilegedPort = true,
        Uid = uid,
        Gid = uid,
        Groups = groups,
    };

    protected FileRef Mount(uint uid, string? path = null, params uint[] groups)
    {
        Assert.That(Files.ResolvePath(Encoding.UTF8.GetBytes(path ?? Root), As(uid, groups), out var root), Is.EqualTo(VfsStatus.Ok));
        return root;
    }

    protected FileRef Find(in FileRef directory, string name)
    {
        Assert.That(Files.Lookup(directory, Encoding.UTF8.GetBytes(name), out var child, out _), Is.EqualTo(VfsStatus.Ok), name);
        return child;
    }

    protected VfsStatus Lookup(in FileRef directory, string name)
    {
        var status = Files.Lookup(directory, Encoding.UTF8.GetBytes(name), out var child, out _);
        child.Dispose();
        return status;
    }

    protected VfsStatus Create(in FileRef directory, string name, out FileRef child, CreateHow how = CreateHow.Guarded, uint mode = 0x1A4, ulong verifier = 0) =>
        Files.Create(directory, Encoding.UTF8.GetBytes(name), how, new SetAttributes { Mode = mode }, verifier, out child, out _, out _);

    protected byte[] HandleOf(in FileRef file)
    {
        byte[] buffer = new byte[FileService.MaxHandle];
        return buffer[..Files.MakeHandle(file, buffer)];
    }

    protected VfsStatus Resolve(byte[] handle, uint uid, out FileRef file) => Files.Resolve(handle, As(uid), out file);

    protected VfsStatus Write(in FileRef file, ulong offset, string data, StableHow how = StableHow.Unstable) =>
        Files.Write(file, offset, Encoding.UTF8.GetBytes(data), how, out _, out _, out _);

    protected VfsStatus Read(in FileRef file, ulong offset, int size, out string data, out bool end)
    {
        byte[] buffer = new byte[size];
        var status = Files.Read(file, offset, buffer, out int count, out end, out _);
        data = Encoding.UTF8.GetString(buffer, 0, count);
        return status;
    }

    protected List<string> List(in FileRef directory, int page = int.MaxValue, Action<int>? between = null)
    {
        var names = new List<string>();
        ulong cookie = 0;
        for (int pages = 0; ; pages++)
        {
            Assert.That(Files.ReadDirectory(directory, cookie, 0, out var reader, out _), Is.EqualTo(VfsStatus.Ok));
            if (reader.AtEnd)
                return names;
            for (int i = 0; i < page && !reader.AtEnd; i++, reader.Advance())
            {
                names.Add(Encoding.UTF8.GetString(reader.Current.Name));
                cookie = reader.Current.Cookie;
            }
            reader.Dispose();
            between?.Invoke(pages);
        }
    }

    private sealed class NoNames : IClientNames
    {
        public bool TryGetName(NetAddress client, out string? name)
        {
            name = null;
            return true;
        }
    }
}
