using static NfsdCtl.Configuration.SettingDefinition;

namespace NfsdCtl.Configuration;

/// <summary>Every key that nfsdctl.conf may hold. A key that is not here is an error and never ignored.</summary>
public static class SettingTable
{
    public static readonly IReadOnlyList<SettingDefinition> All =
    [
        Number("nfsd", "threads", 1, 1024, "threads that execute requests", s => s.Threads, (s, v) => s with { Threads = v }),
        new("nfsd", "host", "server addresses to listen on, separated by commas; empty: all", ApplyHost, s => string.Join(",", s.Host)),
        Number("nfsd", "port", 0, 65535, "port of NFS; 0: any", s => s.Port, (s, v) => s with { Port = v }),
        Switch("nfsd", "tcp", "serve over TCP", s => s.Tcp, (s, v) => s with { Tcp = v }),
        Switch("nfsd", "udp", "serve over UDP", s => s.Udp, (s, v) => s with { Udp = v }),
        Number("nfsd", "grace-time", 10, 3600, "length of a grace period, seconds", s => s.Grace, (s, v) => s with { Grace = v }),
        Number("nfsd", "lease-time", 10, 3600, "lease of NFSv4 clients, seconds", s => s.Lease, (s, v) => s with { Lease = v }),
        Switch("nfsd", "vers3", "serve NFS version 3", s => s.Version3, (s, v) => s with { Version3 = v }),
        Switch("nfsd", "vers4", "serve NFS version 4, as far as its minor versions are on", s => s.Version4, (s, v) => s with { Version4 = v }),
        MinorVersion(0),
        MinorVersion(1),
        MinorVersion(2),
        Number("nfsd", "max-connections", 16, 1_000_000, "TCP connections at most; over it, the client that has the most loses one", s => s.MaxConnections, (s, v) => s with { MaxConnections = v }),
        Number("nfsd", "max-connections-per-client", 1, 1_000_000, "TCP connections of one client address at most", s => s.MaxConnectionsPerClient, (s, v) => s with { MaxConnectionsPerClient = v }),
        Number("nfsd", "max-operations", 8, 1024, "operations of one NFSv4 compound at most", s => s.MaxOperations, (s, v) => s with { MaxOperations = v }),
        Number("nfsd", "max-clients", 1, 1_000_000, "NFSv4 clients at most", s => s.MaxClients, (s, v) => s with { MaxClients = v }),
        Number("nfsd", "max-sessions", 1, 4096, "sessions of one NFSv4 client at most", s => s.MaxSessions, (s, v) => s with { MaxSessions = v }),
        Number("nfsd", "max-slots", 1, 4096, "slots of one NFSv4 session at most", s => s.MaxSlots, (s, v) => s with { MaxSlots = v }),
        Number("nfsd", "max-opens", 1, 16_000_000, "opens and lock states of one NFSv4 client at most", s => s.MaxOpens, (s, v) => s with { MaxOpens = v }),
        Number("nfsd", "max-owners", 1, 4_000_000, "open and lock owners of one NFSv4 client at most", s => s.MaxOwners, (s, v) => s with { MaxOwners = v }),
        Number("nfsd", "max-copies", 0, 256, "asynchronous NFSv4.2 copies at a time; half of them for one client; 0: none", s => s.MaxCopies, (s, v) => s with { MaxCopies = v }),
        Number("nfsd", "courtesy-time", 0, 604800, "seconds that an expired NFSv4 client keeps what nobody else wants", s => s.Courtesy, (s, v) => s with { Courtesy = v }),
        Text("nfsd", "owner-domain", "domain of NFSv4 owners like user@domain; empty: numbers only", s => s.OwnerDomain, (s, v) => s with { OwnerDomain = v }),
        Switch("nfsd", "owner-names", "tell NFSv4 owners by name and not by number", s => s.OwnerNames, (s, v) => s with { OwnerNames = v }),
        Text("nfsd", "scope", "server scope, equal on all nodes (RFC 8881 §2.10.4)", s => s.ServerScope, (s, v) => s with { ServerScope = v }),
        Number("mountd", "port", 0, 65535, "port of the MOUNT protocol; 0: any", s => s.MountdPort, (s, v) => s with { MountdPort = v }),
        Number("lockd", "port", 0, 65535, "port of NLM; 0: any", s => s.LockdPort, (s, v) => s with { LockdPort = v }),
        Number("statd", "port", 0, 65535, "port of NSM; 0: any", s => s.StatdPort, (s, v) => s with { StatdPort = v }),
        Text("statd", "name", "a name by which clients know this server, for SM_NOTIFY", s => s.StatdName, (s, v) => s with { StatdName = v }),
        AbsolutePath("nfsdctl", "exports", "the exports(5) file", s => s.Exports, (s, v) => s with { Exports = v }),
        AbsolutePath("nfsdctl", "exports-directory", "further *.exports files", s => s.ExportsDirectory, (s, v) => s with { ExportsDirectory = v }),
        AbsolutePath("nfsdctl", "admin-mount", "where the admin filesystem is mounted", s => s.AdminMount, (s, v) => s with { AdminMount = v }),
        AbsolutePath("nfsdctl", "state-dir", "server-wide state", s => s.StateDirectory, (s, v) => s with { StateDirectory = v }),
        new("nfsdctl", "records-dir", "scope records here instead of on each filesystem; empty: on the filesystem", ApplyRecords, s => s.RecordsDirectory),
        Choice("nfsdctl", "rpcbind", "auto, system, builtin or off", s => s.Rpcbind, (s, v) => s with { Rpcbind = v }),
        Number("nfsdctl", "client-linger", 0, 86400, "seconds that a client stays known after its last unlock", s => s.ClientLinger, (s, v) => s with { ClientLinger = v }),
        new("nfsdctl", "log-level", "trace, debug, info, warn or error", ApplyLogLevel, s => s.LogLevel),
        Choice("nfsdctl", "log-format", "text or json", s => s.LogFormat, (s, v) => s with { LogFormat = v }),
    ];

    public static SettingDefinition? Find(string section, string key) =>
        All.FirstOrDefault(d => d.Section == section && d.Key == key);

    private static SettingDefinition MinorVersion(int minor) => Switch(
        "nfsd", $"vers4.{minor}", $"serve NFS version 4.{minor}",
        s => (s.MinorVersions >> minor & 1) != 0,
        (s, v) => s with { MinorVersions = v ? s.MinorVersions | 1u << minor : s.MinorVersions & ~(1u << minor) });

    private static Parsed ApplyHost(ServerSettings settings, string text)
    {
        var addresses = new List<NetAddress>();
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!NetAddress.TryParse(word, out var address))
                return Parsed.Error($"[nfsd] host: '{word}' is not an IP address");
            if (!addresses.Contains(address))
                addresses.Add(address);
        }
        return Parsed.Ok(settings with { Host = addresses.Exists(a => a.IsWildcard) ? [] : addresses });
    }

    private static Parsed ApplyRecords(ServerSettings settings, string text) =>
        text.Length == 0 || text.StartsWith('/')
            ? Parsed.Ok(settings with { RecordsDirectory = text })
            : Parsed.Error($"[nfsdctl] records-dir: '{text}' is not an absolute path");

    private static Parsed ApplyLogLevel(ServerSettings settings, string text) =>
        text.ToLowerInvariant() is "trace" or "debug" or "info" or "warn" or "error"
            ? Parsed.Ok(settings with { LogLevel = text.ToLowerInvariant() })
            : Parsed.Error($"[nfsdctl] log-level: '{text}' is not one of trace, debug, info, warn, error");
}
