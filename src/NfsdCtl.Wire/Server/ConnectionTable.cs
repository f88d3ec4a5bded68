using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// The TCP connections that are open, and what bounds them, so that a client which opens many or leaves them hurts only itself:
/// over the bound, the client that has the most loses the one it has not used for longest. Quiet ones are closed, as by
/// svc_age_temp_xprts in net/sunrpc/svc_xprt.c, and so are those that keep a record half sent, or too much of them.
/// </summary>
internal sealed class ConnectionTable(int most, int mostPerClient, TimeSpan idleAfter)
{
    /// <summary>How often the quiet ones are looked for.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(10);

    /// <summary>A client that has begun a record sends the rest of it in this time.</summary>
    public static readonly TimeSpan RecordTime = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly Dictionary<NetAddress, List<TcpConnection>> clients = [];
    private int count;

    /// <summary>Ticks since the start, from 1 on.</summary>
    public int Now { get; private set; } = 1;

    /// <summary>Takes in a connection, and breaks another where there is one too many.</summary>
    public void Add(TcpConnection connection)
    {
        TcpConnection? surplus = null;
        lock (gate)
        {
            if (!clients.TryGetValue(connection.Client, out var own))
                clients.Add(connection.Client, own = []);
            own.Add(connection);
            count++;
            if (own.Count > mostPerClient)
                surplus = Quietest(own);
            else if (count > most)
                surplus = Quietest(clients.Values.MaxBy(c => c.Count)!);
            if (surplus is not null)
                Forget(surplus);
        }
        surplus?.Break();
    }

    /// <summary>Too much has come in of records whose rest is missing: the client with the most of them loses the oldest.</summary>
    public void Relieve()
    {
        TcpConnection? oldest;
        lock (gate)
        {
            oldest = clients.Values.MaxBy(c => c.Count(HasBegun))?.Where(HasBegun).MinBy(c => c.RecordBegun);
            if (oldest is not null)
                Forget(oldest);
        }
        oldest?.Break();
    }

    public void Remove(TcpConnection connection)
    {
        lock (gate)
            Forget(connection);
    }

    /// <summary>Time goes on by one <see cref="Tick"/>: closes what was quiet for too long.</summary>
    public void Advance()
    {
        TcpConnection[] quiet;
        lock (gate)
        {
            Now++;
            quiet = [.. clients.Values.SelectMany(c => c).Where(IsQuiet)];
        }
        foreach (var connection in quiet)
            connection.Break();
    }

    private bool IsQuiet(TcpConnection connection) =>
        !connection.IsAwaited
        && (Since(connection.LastUse) > idleAfter || HasBegun(connection) && Since(connection.RecordBegun) > RecordTime);

    private static bool HasBegun(TcpConnection connection) => connection.RecordBegun != 0;

    private TimeSpan Since(int tick) => (Now - tick) * Tick;

    private static TcpConnection Quietest(List<TcpConnection> connections) => connections.MinBy(c => c.LastUse)!;

    private void Forget(TcpConnection connection)
    {
        if (!clients.TryGetValue(connection.Client, out var own) || !own.Remove(connection))
            return;
        count--;
        if (own.Count == 0)
            clients.Remove(connection.Client);
    }
}
