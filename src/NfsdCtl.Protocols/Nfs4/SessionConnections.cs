using System.Runtime.CompilerServices;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>
/// The connections over which each session was used (RFC 8881 §2.10.3.1). A session is not ended from any other (§18.37.3) while one of them
/// is there: a client that had to connect again may end it at once.
/// </summary>
internal sealed class SessionConnections
{
    /// <summary>Of a session that is used over more connections, any may end it.</summary>
    private const int Most = 64;

    private readonly ConditionalWeakTable<Nfs4Session, Connections> used = [];

    /// <summary>The session is used over this connection. Costs nothing when that is what the connection was last used for.</summary>
    public void Note(Nfs4Session session, IBackChannel? connection)
    {
        if (connection is null || ReferenceEquals(connection.User, session))
            return;
        var known = used.GetOrCreateValue(session);
        lock (known)
        {
            known.Sweep();
            if (known.Open.Count < Most && !known.Open.Contains(connection))
                known.Open.Add(connection);
        }
        connection.User = session;
    }

    /// <summary>Whether a client may end the session over this connection without having used it there.</summary>
    public bool MayEnd(Nfs4Session session, IBackChannel? connection)
    {
        if (connection is null || !used.TryGetValue(session, out var known))
            return true;
        lock (known)
        {
            known.Sweep();
            return known.Open.Count is 0 or >= Most || known.Open.Contains(connection) || known.Gone.Contains(connection.Peer);
        }
    }

    private sealed class Connections
    {
        /// <summary>As many as a Linux client makes for one mount.</summary>
        private const int MostGone = 16;

        public List<IBackChannel> Open { get; } = [];

        /// <summary>The clients' ends of those that are closed: one of several that was idle is made again from there.</summary>
        public List<(NetAddress Address, ushort Port)> Gone { get; } = [];

        public void Sweep()
        {
            foreach (var connection in Open.FindAll(c => !c.IsOpen))
            {
                Open.Remove(connection);
                Gone.Remove(connection.Peer);
                Gone.Add(connection.Peer);
            }
            if (Gone.Count > MostGone)
                Gone.RemoveRange(0, Gone.Count - MostGone);
        }
    }
}
