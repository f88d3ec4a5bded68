using System.Text;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm;

/// <summary>Who wants to be told of a host's reboot: a program on this machine (my_id), and what to tell it besides.</summary>
internal sealed record Watch(string MonName, string MyName, int Program, int Version, int Procedure)
{
    /// <summary>priv: given back in the notice.</summary>
    public required byte[] Private { get; init; }

    public bool IsOf(string myName, int program, int version, int procedure) =>
        MyName == myName && Program == program && Version == version && Procedure == procedure;
}

/// <summary>
/// What the procedures of the status monitor share. The lock manager's own monitors are the client records of its scopes; a list
/// of watches serves other programs of this machine, bounded and, like theirs, made anew when they start.
/// </summary>
public sealed class NsmService
{
    /// <summary>The most watches of local programs.</summary>
    public const int MaxWatches = 1024;

    /// <summary>
    /// The scope of the number that SM_STAT and SM_MON answer: this server as such, kept with its own state.
    /// </summary>
    private readonly Scope self;

    private readonly ServerState state;
    private readonly IScopeRecords records;
    private readonly EffectRunner effects;
    private readonly IPeerCalls peers;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly List<Watch> watches = [];

    /// <param name="self">Where the server's own state number is kept among <paramref name="records"/>.</param>
    public NsmService(ServerState state, IScopeRecords records, EffectRunner effects, IPeerCalls peers, TimeProvider time, Scope self)
    {
        this.state = state;
        this.records = records;
        this.effects = effects;
        this.peers = peers;
        this.time = time;
        this.self = self;
    }

    /// <summary>The server's own state number: odd while it is up. 0 until <see cref="Start"/>.</summary>
    public uint StateNumber { get; private set; }

    /// <summary>Takes a new state number, at the start of the server and when a crash is simulated.</summary>
    public RecordStatus Start()
    {
        ThreadIdentity.BecomeRoot();
        var status = records.NextNsmState(self, StateNumber, out uint number);
        // Without a disk the time serves: it is higher than any number counted one by one.
        StateNumber = status == RecordStatus.Ok ? number : Math.Max(StateNumber + 2, (uint)time.GetUtcNow().ToUnixTimeSeconds()) | 1;
        return status;
    }

    /// <summary>
    /// A client says that it has rebooted. It speaks for its own address only; where several callers share that address (behind
    /// one router), for the one that it names, if it is known by that name.
    /// </summary>
    internal ReleaseCounts ClientRebooted(NetAddress client, ReadOnlySpan<byte> monName, uint number)
    {
        var list = new EffectList();
        ReleaseCounts counts;
        using (var entered = state.Enter(list))
        {
            var name = IsKnown(entered, client, monName) ? monName : default;
            counts = state.Clients.Rebooted(entered, client, name, NetAddress.Any, number);
        }
        effects.Run(list);
        TellWatchers(Encoding.UTF8.GetString(monName), (int)number);
        return counts;
    }

    internal bool TryWatch(Watch watch)
    {
        lock (gate)
        {
            watches.RemoveAll(w => w.MonName == watch.MonName && w.IsOf(watch.MyName, watch.Program, watch.Version, watch.Procedure));
            if (watches.Count >= MaxWatches)
                return false;
            watches.Add(watch);
            return true;
        }
    }

    /// <param name="monName">Null: every host.</param>
    internal void Unwatch(string? monName, string myName, int program, int version, int procedure)
    {
        lock (gate)
            watches.RemoveAll(w => (monName is null || w.MonName == monName) && w.IsOf(myName, program, version, procedure));
    }

    /// <summary>Orders that change what is watched are for programs of this machine, run by root.</summary>
    internal static bool IsLocalRoot(RpcCall call) => call.PeerAddress.IsLoopback && call.FromPrivilegedPort;

    private bool IsKnown(in GateScope entered, NetAddress client, ReadOnlySpan<byte> monName)
    {
        var hosts = new List<State.Reports.HostInfo>();
        state.Reports.CopyHosts(entered, hosts);
        var name = Encoding.Latin1.GetString(monName);
        return hosts.Exists(h => h.Client.Address == client && h.Client.CallerName == name);
    }

    private void TellWatchers(string monName, int number)
    {
        List<Watch> told;
        lock (gate)
            told = watches.FindAll(w => w.MonName == monName);
        var loopback = NetAddress.FromV4(0x7F000001);
        foreach (var watch in told)
        {
            var arguments = PeerArguments.Of((ref w) =>
            {
                w.Opaque(Encoding.UTF8.GetBytes(watch.MonName));
                w.I32(number);
                w.Fixed(watch.Private);
            });
            peers.Start(
                new PeerCall(loopback, loopback, (uint)watch.Program, (uint)watch.Version, (uint)watch.Procedure, Transport.Udp, arguments),
                answer: null);
        }
    }
}
