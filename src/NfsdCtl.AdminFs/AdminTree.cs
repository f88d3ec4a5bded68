using System.Globalization;
using System.Text;
using NfsdCtl.AdminFs.Files;

namespace NfsdCtl.AdminFs;

/// <summary>A directory of the admin filesystem, or a file in it.</summary>
/// <param name="Mode">Permission bits.</param>
/// <param name="File">Null for a directory.</param>
public sealed record AdminNode(string Path, ulong Ino, uint Mode, AdminFile? File);

/// <summary>
/// The list of admin files: this is the only place that knows them all. To add one, write its class in Files/ and name it here; the listing test then shows
/// the new line for approval.
/// </summary>
public sealed class AdminTree
{
    private const uint OpenDirectory = 0x1ED; // 0755
    private const uint ClosedDirectory = 0x1C0; // 0700
    private const ulong FirstClientIno = 1 << 20;

    private readonly AdminHost host;
    private readonly Dictionary<string, AdminNode> nodes = new(StringComparer.Ordinal);

    public AdminTree(AdminHost host)
    {
        this.host = host;
        AddDirectory("/", OpenDirectory);
        var files = Files(host);
        foreach (var file in files)
            Add("/", file);
        Add("/", new HelpFile(Listing));
        AddDirectory("/clients", ClosedDirectory);
        AddDirectory("/last", OpenDirectory);
        foreach (var file in files.OfType<TransactionFile>())
            Add("/last/", new LastAnswer(host, file.Name, file.Name));
        Add("/last/", new LastAnswer(host, ClientCtl.FileName, "clients/N/" + ClientCtl.FileName));
    }

    /// <summary>Every fixed file, sorted by path, without the leading slash.</summary>
    public IReadOnlyList<(string Path, AdminFile File)> Listing() =>
        [.. nodes.Values.Where(n => n.File is not null).Select(n => (n.Path[1..], n.File!)).OrderBy(n => n.Item1, StringComparer.Ordinal)];

    /// <summary>The entry at a path, or null.</summary>
    public AdminNode? Find(ReadOnlySpan<byte> path)
    {
        string text = Encoding.UTF8.GetString(path);
        return nodes.GetValueOrDefault(text) ?? (text.StartsWith("/clients/", StringComparison.Ordinal) ? FindClient(text) : null);
    }

    /// <summary>The entries of a directory, or null when it is none.</summary>
    public IReadOnlyList<AdminNode>? List(ReadOnlySpan<byte> path)
    {
        if (Find(path) is not { File: null } directory)
            return null;
        if (directory.Path == "/clients")
            return [.. host.Control.Clients().Select(ClientDirectory)];
        if (ClientId(directory.Path) is { } id)
            return [.. ClientFiles(id)];
        string prefix = directory.Path == "/" ? "/" : directory.Path + "/";
        return [.. nodes.Values.Where(n => n.Path.Length > prefix.Length && n.Path.LastIndexOf('/') == prefix.Length - 1 && n.Path.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private static List<AdminFile> Files(AdminHost host) =>
    [
        new UnlockIp(host),
        new UnlockFileSystem(host),
        new UnlockExport(host),
        new ResumeIp(host),
        new EndGrace(host),
        new V4EndGrace(host),
        new NlmEndGrace(host),
        new Export(host),
        new Unexport(host),
        new FileHandle(host),
        new Threads(host),
        new PoolThreads(host),
        new LeaseTime(host),
        new GraceTime(host),
        new MaxBlockSize(host),
        new Versions(host),
        new PortList(host),
        new Exports(host),
        new ExportFeatures(),
        new ExportStats(host),
        new PoolStats(host),
        new ReplyCacheStats(host),
        new FileCache(host),
        new KerberosEncryptionTypes(),
        new Grace(host),
        new Locks(host),
        new Waiters(host),
        new Hosts(host),
        new Leases(host),
        new Scopes(host),
        new Settings(host),
        new Status(host),
    ];

    private void AddDirectory(string path, uint mode) => nodes.Add(path, new AdminNode(path, (ulong)nodes.Count + 1, mode, null));

    private void Add(string prefix, AdminFile file) => nodes.Add(prefix + file.Name, new AdminNode(prefix + file.Name, (ulong)nodes.Count + 1, file.Mode, file));

    private AdminNode? FindClient(string path)
    {
        int slash = path.IndexOf('/', "/clients/".Length);
        string directory = slash < 0 ? path : path[..slash];
        if (ClientId(directory) is not { } id || !host.Control.Clients().Contains(id))
            return null;
        return slash < 0 ? ClientDirectory(id) : ClientFiles(id).FirstOrDefault(n => n.Path == path);
    }

    private static long? ClientId(string path)
    {
        const string Prefix = "/clients/";
        return path.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(path.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : null;
    }

    // Four numbers a client: its directory and its files.
    private static AdminNode ClientDirectory(long id) => new(
        string.Create(CultureInfo.InvariantCulture, $"/clients/{id}"), FirstClientIno + (ulong)id * 4, ClosedDirectory, null);

    private IEnumerable<AdminNode> ClientFiles(long id)
    {
        var directory = ClientDirectory(id);
        AdminFile[] files = [new ClientInfo(host, id), new ClientStates(host, id), new ClientCtl(host, id)];
        return files.Select((file, i) => new AdminNode($"{directory.Path}/{file.Name}", directory.Ino + 1 + (ulong)i, file.Mode, file));
    }
}
