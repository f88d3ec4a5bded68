namespace NfsdCtl.State.Nfs4;

/// <summary>A client record. Owned by the state; others read what never changes and hand it back.</summary>
public sealed class Nfs4Client
{
    internal Nfs4Client()
    {
    }

    /// <summary>clientid4: the life of the server, and a number within it.</summary>
    public ulong Id { get; internal init; }

    /// <summary>The server address that it uses.</summary>
    public NetAddress Server { get; internal init; }

    /// <summary>0, or 1 for every later minor version: those share client ids.</summary>
    public uint MinorVersion { get; internal init; }

    /// <summary>r_netid and r_addr of a client of minor version 0, as it sent them.</summary>
    public ReadOnlyMemory<byte> CallbackNetId { get; internal set; }

    public ReadOnlyMemory<byte> CallbackAddress { get; internal set; }
}
