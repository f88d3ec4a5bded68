using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace NfsdCtl.TestKit.Clients;

/// <summary>
/// A machine that locks files over NFSv4.1 as Linux does: a session through each server address, kept alive once a second. When a server does
/// not know its session any more it makes a new one, and reclaims what it holds. Safe for use by several threads.
/// </summary>
/// <param name="address">Of this machine.</param>
/// <param name="name">co_ownerid.</param>
/// <param name="ledger">Where all clients of a trial note what they hold.</param>
public sealed class Nfs4LockClient(IPAddress address, string name, LockLedger ledger) : ILockClient
{
    private readonly ConcurrentDictionary<IPAddress, Lazy<Nfs4LockSession>> servers = new();

    public string Name => name;

    public IReadOnlyList<ClientLock> Held => [.. Sessions.SelectMany(s => s.Held)];

    public int Reclaimed => Sessions.Sum(s => s.Reclaimed);

    public int Lost => Sessions.Sum(s => s.Lost);

    private IEnumerable<Nfs4LockSession> Sessions => servers.Values.Where(s => s.IsValueCreated).Select(s => s.Value);

    public NlmStatus Lock(ClientLock wanted) => Server(wanted).Lock(wanted);

    public NlmStatus Unlock(ClientLock given) => Server(given).Unlock(given);

    public NlmStatus Test(ClientLock wanted) => Server(wanted).Test(wanted);

    /// <summary>Reads a file's attributes.</summary>
    public void GetAttr(ServedFile file) => Server(file.Server).GetAttr(file);

    /// <summary>UNSTABLE4, under this machine's open of the file.</summary>
    public void Write(ServedFile file, ulong offset, byte[] data) => Server(file.Server).Write(file, offset, data);

    private Nfs4LockSession Server(ClientLock of) => Server(of.File.Server);

    private Nfs4LockSession Server(IPAddress server) =>
        servers.GetOrAdd(server, s => new(() => new Nfs4LockSession(s, address, Encoding.UTF8.GetBytes(name), ledger))).Value;

    public void Dispose()
    {
        foreach (var session in Sessions)
            session.Dispose();
    }
}
