using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NfsdCtl.Vfs.Exports;

/// <summary>
/// Names of clients by reverse look-up, confirmed forwards (a client owns its reverse zone, not the name it claims there),
/// done on threads of its own and kept for a while. Bounded; whoever comes when it is full waits for a free place. There are several, for a
/// zone that does not answer holds its asker for many seconds.
/// </summary>
public sealed class DnsClientNames : IClientNames, IDisposable
{
    private const int MaxClients = 16_384;
    private const int Askers = 8;
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
        for (int i = 0; i < Askers; i++)
            new Thread(Run, 256 * 1024) { IsBackground = true, Name = "client names" }.Start();
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
        catch (Exception e) when (IsNoSuchName(e))
        {
            return [];
        }
    }

    public void Dispose() => questions.CompleteAdding();

    private void Run()
    {
        foreach (var client in questions.GetConsumingEnumerable())
        {
            answers[client] = new Answer(Name(client), true, clock.GetUtcNow() + Lifetime);
            if (answers.Count >= MaxClients)
                foreach (var (address, answer) in answers)
                    if (answer.IsKnown && clock.GetUtcNow() >= answer.Expires)
                        answers.TryRemove(address, out _);
        }
    }

    private string? Name(NetAddress client)
    {
        try
        {
            return lookup(client);
        }
        catch (Exception e) when (IsNoSuchName(e))
        {
            return null;
        }
    }

    private static string? ConfirmedName(NetAddress client)
    {
        string name = Dns.GetHostEntry(client.ToIPAddress()).HostName;
        return Resolve(name).Contains(client) ? name : null;
    }

    /// <summary>Nothing answers to it, or it is no name: the owner of a reverse zone writes there what he likes.</summary>
    private static bool IsNoSuchName(Exception e) => e is SocketException or ArgumentException;

    private sealed record Answer(string? Name, bool IsKnown, DateTimeOffset Expires);
}
