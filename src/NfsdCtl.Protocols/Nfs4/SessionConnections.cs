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

    private readonly ConditionalWeakTable<Nfs4Session, List<IBackChannel>> used = [];

    /// <summary>The session is used over this connection. Costs nothing when that is what the connection was last used for.</summary>
    public void Note(Nfs4Session session, IBackChannel? connection)
    {
        if (connection is null || ReferenceEquals(connection.User, session))
            return;
        var known = used.GetOrCreateValue(session);
        lock (known)
        {
            known.RemoveAll(c => !c.IsOpen);
            if (known.Count < Most && !known.Contains(connection))
                known.Add(connection);
        }
        connection.User = session;
    }

    /// <summary>Whether a client may end the session over this connection without having used it there.</summary>
    public bool MayEnd(Nfs4Session session, IBackChannel? connection)
    {
        if (connection is null || !used.TryGetValue(session, out var known))
            return true;
        lock (known)
            return known.Count >= Most || known.Contains(connection) || !known.Exists(c => c.IsOpen);
    }
}
