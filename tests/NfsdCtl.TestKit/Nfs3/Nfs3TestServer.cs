using System.Text;
using NfsdCtl.Protocols.Mount;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.State.Replies;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Nodes;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Nfs3;

/// <summary>
/// The NFSv3 and MOUNT programs over a real filesystem, called in memory. What is exported is the directory
/// <c>export</c> of the filesystem; beside it is <c>outside</c>, which no client may reach.
/// </summary>
public sealed class Nfs3TestServer : IDisposable
{
    public static readonly NetAddress Client = NetAddress.FromV4(0x7F00_0001);

    private readonly TimeProvider time;
    private IReadOnlyList<Export> exports;

    /// <param name="fileSystem">Where the files are; not disposed here.</param>
    /// <param name="options">The options of the export; rw, no_root_squash and insecure when null.</param>
    /// <param name="time">The clock of the reply cache.</param>
    public Nfs3TestServer(TestFileSystem fileSystem, ExportOptions? options = null, TimeProvider? time = null)
    {
        FileSystem = fileSystem;
        this.time = time ?? TimeProvider.System;
        Directory.CreateDirectory(ExportPath);
        Directory.CreateDirectory(Path.Combine(fileSystem.MountPoint, "outside"));
        exports = [Everyone(ExportPath, options ?? Open)];
        Start();
    }

    /// <summary>rw, no_root_squash, insecure, sync, with a number as identity.</summary>
    public static ExportOptions Open { get; } =
        ExportOptions.Default with { ReadOnly = false, Squash = Squash.None, Secure = false, FsId = FsId.FromNumber(71) };

    public TestFileSystem FileSystem { get; }

    public string ExportPath => Path.Combine(FileSystem.MountPoint, "export");

    public FileService Files { get; private set; } = null!;

    public ExportTable Exports { get; private set; } = null!;

    public ReplyCache Replies { get; private set; } = null!;

    public Protocols.Mount.MountTable Mounts { get; private set; } = null!;

    public Nfs3Program Nfs { get; private set; } = null!;

    public MountProgram Mount { get; private set; } = null!;

    public InMemoryChannel Channel { get; private set; } = null!;

    public Nfs3Client Nfs3 { get; private set; } = null!;

    /// <summary>The handle of the exported directory.</summary>
    public byte[] Root { get; private set; } = null!;

    public static Export Everyone(string path, ExportOptions options) => new(path, new ClientSpec(ClientKind.Anyone, "*"), options);

    /// <summary>Exports something else from now on.</summary>
    public void Export(params Export[] now)
    {
        var errors = Exports.Replace(now);
        if (errors.Count > 0)
            throw new InvalidOperationException(string.Join('\n', errors));
        exports = now;
    }

    /// <summary>A new server over the same files, as after a restart; with the options changed if given.</summary>
    public void Restart()
    {
        Stop();
        Start();
    }

    /// <summary>MNT (version 3): the status and the handle.</summary>
    public (mountstat3 Status, byte[] Handle, int[] Flavors) Mnt(string path)
    {
        var writer = new XdrWriter(new byte[2048]);
        writer.Opaque(Encoding.UTF8.GetBytes(path));
        var reader = new XdrReader(Channel.Call(MOUNT_PROGRAM.Number, 3, 1, writer.Written).Result);
        if (!mountres3.Read(ref reader, out var res) || reader.Remaining != 0)
            throw new InvalidDataException("the reply to MNT cannot be decoded");
        var flavors = new List<int>();
        foreach (int flavor in res.mountinfo.auth_flavors)
            flavors.Add(flavor);
        return (res.fhs_status, res.mountinfo.fhandle.ToArray(), [.. flavors]);
    }

    public void Dispose()
    {
        Stop();
    }

    private void Start()
    {
        Exports = new ExportTable(new FileSystemTable(new Vfs.FileSystems.MountTable(), null), new NoNames(), _ => []);
        Files = new FileService(Exports, new NodeCache(new NodeCacheSettings()), new Vfs.FileSystems.MountTable(), time);
        Replies = new ReplyCache(1024, time);
        Mounts = new Protocols.Mount.MountTable();
        Nfs = new Nfs3Program(Files, Replies);
        Mount = new MountProgram(Files, () => Exports.Current.Exports, Mounts);
        Channel = InMemoryChannel.Loopback(Nfs, Mount);
        Nfs3 = new Nfs3Client(Channel);
        Export([.. exports]);
        Root = Mnt(ExportPath) is (mountstat3.MNT3_OK, var handle, _) ? handle : [];
    }

    private void Stop()
    {
        foreach (var fileSystem in Exports.FileSystems.All)
            Files.ReleaseFileSystem(fileSystem.Id, TimeSpan.FromSeconds(1));
        Channel.Dispose();
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
