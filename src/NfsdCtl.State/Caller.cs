namespace NfsdCtl.State;

/// <summary>
/// Who calls, and through which server address. An NLM host is (client address, server address, caller_name): one client
/// that uses two server addresses is two hosts, and releasing one address leaves the other alone.
/// </summary>
public readonly ref struct Caller(NetAddress client, NetAddress server, ReadOnlySpan<byte> name)
{
    public NetAddress Client { get; } = client;

    /// <summary>The local address of the call.</summary>
    public NetAddress Server { get; } = server;

    /// <summary>caller_name, at most 1024 bytes.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;
}
