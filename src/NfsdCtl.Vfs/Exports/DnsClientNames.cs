using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NfsdCtl.Vfs.Exports;

/// <summary>
/// Names of clients by reverse look-up, confirmed forwards (a client owns its reverse zone, not the name it claims there),
/// done on a thread of its own and kept for a while. Bounded; whoever comes when it is full waits for a free place.
/// </summary>
public sealed class DnsClientNames : IClientNames, IDisposable
{
    private const int MaxClients = 16_384;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<NetAddress, Answer> answers = new();
    private readonly BlockingCollection<NetAddress> questions = new(1024);
    private readonly TimeProvider clock;
    private readonly Func<NetAddress, string?> lookup;

    public DnsClientNames(TimeProvider clock)
        : this(clock, ConfirmedName)
    {
    }

    internal DnsClientNames(TimeProvider clock, Func<NetAddress, string?> lookup)
    {
        this.clock = clock;
        this.lookup = lookup;
        new Thread(Run) { IsBackground = true, Name = "client names" }.Start();
    }

    public bool TryGetName(NetAddress client, out string? name)
    {
        if (answers.TryGetValue(client, out var answer))
        {
            name = answer.Name;
            if (answer.IsKnown && clock.GetUtcNow() >= answer.Expires && answers.TryUpdate(client, answer with { Expires = DateTimeOffset.MaxValue }, answer))
                questions.TryAdd(client);
            return answer.IsKnown;
        }
        name = null;
        if (answers.Count < MaxClients && answers.TryAdd(client, new Answer(null, false, DateTimeOffset.MaxValue)) && !questions.TryAdd(client))
            answers.TryRemove(client, out _);
        return false;
    }

    /// <summary>The addresses of a host; empty when it has none.</summary>
    public static IReadOnlyList<NetAddress> Resolve(string host)
    {
        try
        {
            return [.. Dns.GetHostAddresses(host).Select(NetAddress.From).Distinct()];
        }
        catch (SocketException)
        {
            return [];
        }
    }

    public void Dispose() => questions.CompleteAdding();

    private void Run()
    {
        foreach (var client in questions.GetConsumingEnumerable())
        {
            answers[client] = new Answer(lookup(client), true, clock.GetUtcNow() + Lifetime);
            if (answers.Count >= MaxClients)
                foreach (var (address, answer) in answers)
                    if (answer.IsKnown && clock.GetUtcNow() >= answer.Expires)
                        answers.TryRemove(address, out _);
        }
    }

    private static string? ConfirmedName(NetAddress client)
    {
        try
        {
            string name = Dns.GetHostEntry(client.ToIPAddress()).HostName;
            return Resolve(name).Contains(client) ? name : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private sealed record Answer(string? Name, bool IsKnown, DateTimeOffset Expires);
}
