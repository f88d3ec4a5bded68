using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>The settings of NFSv4.</summary>
public sealed record Nfs4Options
{
    /// <summary>The highest minor version there is.</summary>
    public const uint LastMinorVersion = 2;

    /// <summary>The longest <see cref="ServerScope"/>, in bytes of UTF-8.</summary>
    public const int MaxServerScope = 256;

    /// <summary>Which minor versions are served now: bit 0 is 4.0. All when not set.</summary>
    public Func<uint> MinorVersions { get; init; } = static () => 0b111;

    /// <summary>eir_server_scope: equal on every node that may take over an address (RFC 8881 §2.10.4).</summary>
    public string ServerScope { get; init; } = "nfsdctl";

    /// <summary>The domain of owner strings like user@domain; empty: owners are numbers only.</summary>
    public string OwnerDomain { get; init; } = "";

    /// <summary>Owners are told by name where they have one, and not by number.</summary>
    public bool WriteOwnerNames { get; init; }

    /// <summary>The most operations of one compound; 1 and more. Sessions agree on at most as many.</summary>
    public int MaxOperations { get; init; } = 64;

    /// <summary>Longer copies, in bytes, go on after their answer where the client lets them and can be told of the end.</summary>
    public ulong CopyAtOnce { get; init; } = FileService.MaxCopy;

    public bool Serves(uint minorVersion) => minorVersion <= LastMinorVersion && (MinorVersions() >> (int)minorVersion & 1) != 0;
}
