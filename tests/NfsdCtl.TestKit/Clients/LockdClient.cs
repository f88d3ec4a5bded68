using System.Collections.Concurrent;
using System.Net;
using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Clients;

/// <summary>nlm4_stats (XNFS, NLM version 4).</summary>
public enum NlmStatus : uint
{
    Granted = 0,
    Denied = 1,
    DeniedNoLocks = 2,
    Blocked = 3,
    DeniedGracePeriod = 4,
    Deadlock = 5,
    ReadOnly = 6,
    StaleHandle = 7,
    TooBig = 8,
    Failed = 9,
}

/// <summary>A file as a client sees it: through which server address, by which handle, and under which name all clients know it.</summary>
public sealed record ServedFile(IPAddress Server, byte[] Handle, string Name);

/// <summary>A lock of one process (svid) of a client.</summary>
public sealed record ClientLock(ServedFile File, uint Svid, Span64 Range, bool Exclusive);

/// <summary>
/// A machine that locks files over NLM version 4 as Linux's lockd and statd do: it answers its own portmapper, takes GRANTED
/// call-backs, and reclaims what it holds when SM_NOTIFY tells it of a restart. It has an address and a name of its own.
/// </summary>
public sealed class LockdClient : ILockClient
{
    public const uint NlmProgram = 100021;
    public const uint NsmProgram = 100024;
    private const uint TestProcedure = 1;
    private const uint LockProcedure = 2;
    private const uint CancelProcedure = 3;
    private const uint UnlockProcedure = 4;
    private const uint GrantedProcedure = 5;
    private const uint GrantedMessage = 10;
    private const uint GrantedResult = 15;
    private const uint SmNotify = 6;
    private readonly LockLedger ledger;
    private readonly RpcListener portmapper;
    private readonly RpcListener callbacks;
    private readonly Lock gate = new();
    private readonly List<ClientLock> held = [];
    private readonly List<Waiting> waiting = [];
    private readonly Dictionary<IPAddress, uint> states = [];
    private readonly ConcurrentDictionary<IPAddress, RpcClient> servers = new();
    private uint cookies;

    private sealed record Waiting(ClientLock Lock, ManualResetEventSlim Granted);

    /// <param name="address">On this machine; its ports 111 of UDP and TCP must be free.</param>
    /// <param name="name">caller_name.</param>
    /// <param name="ledger">Where all clients of a trial note what they hold.</param>
    public LockdClient(IPAddress address, string name, LockLedger ledger)
    {
        Address = address;
        Name = name;
        this.ledger = ledger;
        callbacks = new RpcListener(new IPEndPoint(address, 0), Callback);
        portmapper = new RpcListener(new IPEndPoint(address, Portmapper.WellKnownPort), MapPort);
    }

    public IPAddress Address { get; }

    public string Name { get; }

    public int Reclaimed { get; private set; }

    public int Lost { get; private set; }

    /// <summary>SM_NOTIFY calls that told of a new state; repeats are not counted.</summary>
    public int Notified { get; private set; }

    /// <summary>GRANTED call-backs that met a waiting lock.</summary>
    public int GrantedCallbacks { get; private set; }

    public IReadOnlyList<ClientLock> Held
    {
        get
        {
            lock (gate)
                return [.. held];
        }
    }

    public NlmStatus Lock(ClientLock wanted)
    {
        var status = Ask(Server(wanted.File.Server), wanted, block: false, reclaim: false);
        if (status == NlmStatus.Granted)
            Hold(wanted);
        return status;
    }

    /// <summary>Waits for a lock: asks once, and then for the server's call-back.</summary>
    /// <returns>Whether it was granted within <paramref name="limit"/>; it is cancelled otherwise.</returns>
    public bool LockWait(ClientLock wanted, TimeSpan limit)
    {
        using var granted = new ManualResetEventSlim();
        var entry = new Waiting(wanted, granted);
        lock (gate)
            waiting.Add(entry);
        var status = Ask(Server(wanted.File.Server), wanted, block: true, reclaim: false);
        if (status == NlmStatus.Granted)
            Hold(wanted);
        else if (status == NlmStatus.Blocked && granted.Wait(limit))
            status = NlmStatus.Granted;
        lock (gate)
            waiting.Remove(entry);
        if (status == NlmStatus.Blocked)
            Cancel(wanted);
        return status == NlmStatus.Granted;
    }

    public NlmStatus Unlock(ClientLock given)
    {
        lock (gate)
            held.Remove(given);
        ledger.Released(given.File.Name, Owner(given), given.Range);
        return Server(given.File.Server).Call(UnlockProcedure, (ref w) =>
        {
            Cookie(ref w);
            Describe(ref w, given);
        }, Result);
    }

    public NlmStatus Test(ClientLock wanted) => Server(wanted.File.Server).Call(TestProcedure, (ref w) =>
    {
        Cookie(ref w);
        w.Bool(wanted.Exclusive);
        Describe(ref w, wanted);
    }, Result);

    private void Cancel(ClientLock wanted) => Server(wanted.File.Server).Call(CancelProcedure, (ref w) =>
    {
        Cookie(ref w);
        w.Bool(true);
        w.Bool(wanted.Exclusive);
        Describe(ref w, wanted);
    }, Result);

    private NlmStatus Ask(RpcClient server, ClientLock wanted, bool block, bool reclaim) => server.Call(LockProcedure, (ref w) =>
    {
        Cookie(ref w);
        w.Bool(block);
        w.Bool(wanted.Exclusive);
        Describe(ref w, wanted);
        w.Bool(reclaim);
        w.U32(1);
    }, Result);

    private void Cookie(ref XdrWriter writer)
    {
        Span<byte> cookie = stackalloc byte[4];
        BitConverter.TryWriteBytes(cookie, Interlocked.Increment(ref cookies));
        writer.Opaque(cookie);
    }

    private void Describe(ref XdrWriter writer, ClientLock of)
    {
        writer.Opaque(Encoding.UTF8.GetBytes(Name));
        writer.Opaque(of.File.Handle);
        writer.Opaque(Encoding.UTF8.GetBytes($"{of.Svid}@{Name}"));
        writer.U32(of.Svid);
        writer.U64(of.Range.Start);
        writer.U64(of.Range.Length);
    }

    private static NlmStatus Result(ref XdrReader reader)
    {
        reader.Opaque(1024);
        return (NlmStatus)reader.U32();
    }

    private void Hold(ClientLock taken)
    {
        ledger.Granted(taken.File.Name, Owner(taken), taken.Range, taken.Exclusive);
        lock (gate)
            held.Add(taken);
    }

    private string Owner(ClientLock of) => $"{Name}/{of.Svid}";

    // one call at a time on each connection
    private RpcClient Server(IPAddress server) => servers.GetOrAdd(server, Connection);

    private RpcClient Connection(IPAddress server) => new(() => Portmapper.Find(server, NlmProgram, 4, Address), NlmProgram, 4, Address);

    private AcceptStatus MapPort(in IncomingCall call, ref XdrReader arguments, ref XdrWriter results)
    {
        if (call.Program != Portmapper.Program)
            return AcceptStatus.ProgUnavail;
        var program = call.Procedure == Portmapper.GetPort ? arguments.U32() : 0;
        var port = program is NlmProgram or NsmProgram ? callbacks.Port : 0;
        if (call.Procedure == 0)
            return AcceptStatus.Success;
        if (call.Procedure != Portmapper.GetPort)
            return AcceptStatus.ProcUnavail;
        // versions 3 and 4 (RPCBPROC_GETADDR) answer with a universal address, RFC 5665 §5.2.3.3
        if (call.Version == Portmapper.Version)
            results.U32((uint)port);
        else
            results.Opaque(Encoding.ASCII.GetBytes(port == 0 ? "" : $"{Address}.{port >> 8}.{port & 255}"));
        return AcceptStatus.Success;
    }

    private AcceptStatus Callback(in IncomingCall call, ref XdrReader arguments, ref XdrWriter results) => call switch
    {
        { Procedure: 0 } => AcceptStatus.Success,
        { Program: NlmProgram, Procedure: GrantedProcedure or GrantedMessage } => Granted(call, ref arguments, ref results),
        { Program: NsmProgram, Procedure: SmNotify } => Notify(ref arguments),
        { Program: NlmProgram or NsmProgram } => AcceptStatus.ProcUnavail,
        _ => AcceptStatus.ProgUnavail,
    };

    private AcceptStatus Granted(in IncomingCall call, ref XdrReader arguments, ref XdrWriter results)
    {
        var cookie = arguments.Opaque(1024).ToArray();
        arguments.Bool();
        arguments.Opaque(1024);
        var handle = arguments.Opaque(64);
        arguments.Opaque(1024);
        var svid = arguments.U32();
        var range = new Span64(arguments.U64(), arguments.U64());
        var status = NlmStatus.Denied;
        lock (gate)
        {
            foreach (var entry in waiting)
            {
                if (entry.Lock.Svid != svid || entry.Lock.Range != range || !entry.Lock.File.Handle.AsSpan().SequenceEqual(handle))
                    continue;
                status = NlmStatus.Granted;
                // a repeated call-back is answered alike and counted once
                if (entry.Granted.IsSet)
                    break;
                Hold(entry.Lock);
                GrantedCallbacks++;
                entry.Granted.Set();
                break;
            }
        }

        if (call.Procedure == GrantedMessage)
        {
            AnswerLater(call.From.Address, cookie, status);
            return AcceptStatus.Success;
        }

        results.Opaque(cookie);
        results.U32((uint)status);
        return AcceptStatus.Success;
    }

    private void AnswerLater(IPAddress server, byte[] cookie, NlmStatus status) => Start(() =>
    {
        using var back = new RpcClient(() => Portmapper.Find(server, NlmProgram, 4, Address), NlmProgram, 4, Address) { GiveUp = TimeSpan.FromSeconds(5) };
        back.Call(GrantedResult, (ref w) =>
        {
            w.Opaque(cookie);
            w.U32((uint)status);
        }, (ref r) => 0);
    });

    private AcceptStatus Notify(ref XdrReader arguments)
    {
        var name = Encoding.UTF8.GetString(arguments.Opaque(1024));
        var state = arguments.U32();
        // statd resolves mon_name; the simulated clients know their servers by address only
        if (!IPAddress.TryParse(name, out var server))
            return AcceptStatus.Success;
        lock (gate)
        {
            if (states.TryGetValue(server, out var last) && last == state)
                return AcceptStatus.Success;
            states[server] = state;
            Notified++;
        }

        Start(() => Reclaim(server));
        return AcceptStatus.Success;
    }

    private void Reclaim(IPAddress server)
    {
        // a connection of its own: the others may be waiting for a reply that does not come any more
        using var rpc = Connection(server);
        foreach (var mine in Held.Where(h => h.File.Server.Equals(server)))
        {
            var status = Ask(rpc, mine, block: false, reclaim: true);
            lock (gate)
            {
                if (!held.Contains(mine))
                    continue;
                if (status == NlmStatus.Granted)
                {
                    Reclaimed++;
                    continue;
                }

                Lost++;
                held.Remove(mine);
            }

            ledger.Released(mine.File.Name, Owner(mine), mine.Range);
        }
    }

    private static void Start(Action body) => new Thread(() =>
    {
        try
        {
            body();
        }
        catch (Exception e) when (e is TimeoutException or RpcException or ObjectDisposedException)
        {
            // the server went away meanwhile: its next life will say so
        }
    })
    { IsBackground = true }.Start();

    public void Dispose()
    {
        portmapper.Dispose();
        callbacks.Dispose();
        foreach (var server in servers.Values)
            server.Dispose();
    }
}
