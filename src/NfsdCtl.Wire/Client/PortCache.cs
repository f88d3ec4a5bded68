using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Client;

/// <summary>Ports that peers' port mappers gave, for a short time: a client that reboots has others.</summary>
internal sealed class PortCache(TimeProvider time, TimeSpan lifetime)
{
    private const int Most = 4096;
    private readonly Dictionary<Key, (ushort Port, long At)> ports = [];

    public bool TryGet(RpcRequest request, out ushort port)
    {
        lock (ports)
        {
            bool known = ports.TryGetValue(Of(request), out var entry) && time.GetElapsedTime(entry.At) < lifetime;
            port = known ? entry.Port : (ushort)0;
            return known;
        }
    }

    public void Remember(RpcRequest request, ushort port)
    {
        lock (ports)
        {
            // a bound that is never met in earnest: forgetting costs one question
            if (ports.Count >= Most)
                ports.Clear();
            ports[Of(request)] = (port, time.GetTimestamp());
        }
    }

    public void Forget(RpcRequest request)
    {
        lock (ports)
            ports.Remove(Of(request));
    }

    private static Key Of(RpcRequest request) => new(request.To, request.Program, request.Version, request.Transport);

    private readonly record struct Key(NetAddress Peer, uint Program, uint Version, Transport Transport);
}
