namespace NfsdCtl.Configuration;

/// <summary>What to do about port 111.</summary>
public enum RpcbindMode
{
    /// <summary>Register with a running rpcbind; answer port 111 ourselves when none runs.</summary>
    Auto,

    /// <summary>Register with a running rpcbind, or fail.</summary>
    System,

    /// <summary>Answer port 111 ourselves, or fail.</summary>
    Builtin,

    /// <summary>Neither.</summary>
    Off,
}

/// <summary>How log lines look.</summary>
public enum LogFormat
{
    Text,
    Json,
}

/// <summary>Every setting of the server, as it is in force. Times are in seconds.</summary>
public sealed record ServerSettings
{
    public int Threads { get; init; } = 32;

    /// <summary>Server addresses to listen on; empty means all.</summary>
    public IReadOnlyList<NetAddress> Host { get; init; } = [];

    public int Port { get; init; } = 2049;

    public int MountdPort { get; init; }

    public int LockdPort { get; init; }

    public int StatdPort { get; init; }

    public bool Tcp { get; init; } = true;

    public bool Udp { get; init; } = true;

    public int Grace { get; init; } = 90;

    public int Lease { get; init; } = 90;

    public bool Version3 { get; init; } = true;

    public bool Version4 { get; init; } = true;

    /// <summary>The minor versions of NFSv4: bit 0 is 4.0.</summary>
    public uint MinorVersions { get; init; } = 0b111;

    /// <summary>The most operations of one NFSv4 compound.</summary>
    public int MaxOperations { get; init; } = 64;

    /// <summary>The domain of NFSv4 owner strings; empty for numbers only.</summary>
    public string OwnerDomain { get; init; } = "";

    /// <summary>Whether owners are told by name.</summary>
    public bool OwnerNames { get; init; }

    /// <summary>The most TCP connections.</summary>
    public int MaxConnections { get; init; } = 16_384;

    /// <summary>The most TCP connections of one client address.</summary>
    public int MaxConnectionsPerClient { get; init; } = 1024;

    /// <summary>The most NFSv4 clients, unconfirmed ones included.</summary>
    public int MaxClients { get; init; } = 16_384;

    /// <summary>The most sessions of one NFSv4 client.</summary>
    public int MaxSessions { get; init; } = 64;

    /// <summary>The most slots of one NFSv4 session.</summary>
    public int MaxSlots { get; init; } = 160;

    /// <summary>The most opens and lock states of one NFSv4 client.</summary>
    public int MaxOpens { get; init; } = 1_000_000;

    /// <summary>The most open and lock owners of one NFSv4 client.</summary>
    public int MaxOwners { get; init; } = 1_000_000;

    /// <summary>The most NFSv4.2 copies at a time that go on after their answer; one client has at most half of them. 0: none does.</summary>
    public int MaxCopies { get; init; } = 8;

    /// <summary>How long an expired NFSv4 client keeps what nobody else wants, in seconds.</summary>
    public int Courtesy { get; init; } = 86_400;

    /// <summary>The server scope of NFSv4.1, equal on every node that may take over an address (RFC 8881 §2.10.4).</summary>
    public string ServerScope { get; init; } = "nfsdctl";

    /// <summary>A name that clients know the server by, for SM_NOTIFY beside the address; empty for none.</summary>
    public string StatdName { get; init; } = "";

    public string Exports { get; init; } = "/etc/exports";

    public string ExportsDirectory { get; init; } = "/etc/exports.d";

    public string AdminMount { get; init; } = "/run/nfsdctl";

    public string StateDirectory { get; init; } = "/var/lib/nfsdctl";

    /// <summary>Where scope records are kept instead of on the filesystem itself; empty for on the filesystem.</summary>
    public string RecordsDirectory { get; init; } = "";

    public RpcbindMode Rpcbind { get; init; } = RpcbindMode.Auto;

    /// <summary>How long a client stays known after its last unlock.</summary>
    public int ClientLinger { get; init; } = 300;

    /// <summary>trace, debug, info, warn or error.</summary>
    public string LogLevel { get; init; } = "info";

    public LogFormat LogFormat { get; init; }
}
