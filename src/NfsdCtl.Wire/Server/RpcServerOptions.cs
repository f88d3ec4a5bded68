using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>How an <see cref="RpcServer"/> is made.</summary>
public sealed record RpcServerOptions
{
    /// <summary>Threads that execute calls, 2..1024, the leaders of the loops among them.</summary>
    public int Threads { get; init; } = 32;

    /// <summary>Epoll loops; 0: one per processor.</summary>
    public int Loops { get; init; }

    /// <summary>The longest record and reply over TCP, in bytes: a WRITE or READ of 1 MiB and its head.</summary>
    public int MaxRecord { get; init; } = 1024 * 1024 + 64 * 1024;

    /// <summary>TCP connections at most. Over it, the client that has the most loses the one it has not used for longest.</summary>
    public int MaxConnections { get; init; } = 16_384;

    /// <summary>TCP connections of one client address at most.</summary>
    public int MaxConnectionsPerClient { get; init; } = 1024;

    /// <summary>
    /// Bytes of calls that are received or executed at most. Over it, the client with the most unfinished records loses the oldest.
    /// </summary>
    public long MaxReceiving { get; init; } = Math.Max(256 << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>A connection without a call for longer than this is closed; clients connect again when they need to.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>The longest time that a loop may be held up by a call that did not say that it blocks.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromMilliseconds(1);
}

/// <summary>An address on which programs are served.</summary>
public sealed class RpcEndpoint
{
    internal RpcEndpoint(NetAddress address, ushort port, Transport transport, bool isV4, Channel channel)
    {
        Address = address;
        Port = port;
        Transport = transport;
        IsV4 = isV4;
        Channel = channel;
    }

    /// <summary>The address, or the wildcard.</summary>
    public NetAddress Address { get; }

    /// <summary>The port that was bound, never 0.</summary>
    public ushort Port { get; }

    public Transport Transport { get; }

    /// <summary>The socket's family; a wildcard address has one endpoint of each.</summary>
    public bool IsV4 { get; }

    internal Channel Channel { get; }

    public override string ToString() => $"{Transport.ToString().ToLowerInvariant()} {(Address.IsWildcard ? IsV4 ? "0.0.0.0" : "::" : Address)}:{Port}";
}

/// <summary>An endpoint cannot be made; <see cref="Errno"/> says why in the kernel's numbering.</summary>
public sealed class RpcListenException(string message, int errno) : Exception(message)
{
    public int Errno { get; } = errno;
}
