using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Release;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nlm;

/// <summary>The lock manager and the status monitor over real state machines, with a clock, disk, files and clients of the test's.</summary>
internal sealed class NlmStack : IDisposable
{
    public static readonly NetAddress ServerA = NetAddress.FromV4(0x0A000001);
    public static readonly NetAddress ServerB = NetAddress.FromV4(0x0A00000A);
    public static readonly NetAddress Client1 = NetAddress.FromV4(0xC0A80001);
    public static readonly NetAddress Client2 = NetAddress.FromV4(0xC0A80002);

    private readonly List<InMemoryChannel> channels = [];
    private readonly NlmProgram nlm;
    private readonly NsmProgram nsm;

    public NlmStack(StateOptions? options = null)
    {
        State = new ServerState(options ?? new StateOptions(), Time);
        Local = new LocalLocks(State, Files, Time, maxFiles: 8, waitThreads: 0);
        Notifier = new RebootNotifier(Peers, Time, a => [a.ToString()]);
        Effects = new EffectRunner(State, Records, Local, new GrantCaller(State, Peers), Notifier, Time, Warnings.Add);
        nlm = new NlmProgram(new NlmService(State, Files, Records, Local, Effects, Peers));
        Nsm = new NsmService(State, Records, Effects, Peers, Time, new Scope(NetAddress.FromV4(0x7F000001), FsId.FromNumber(99)));
        nsm = new NsmProgram(Nsm);
    }

    public FakeTimeProvider Time { get; } = new();

    public ServerState State { get; }

    public FakeFiles Files { get; } = new();

    public MemoryRecords Records { get; } = new();

    public FakePeers Peers { get; } = new();

    public LocalLocks Local { get; }

    public RebootNotifier Notifier { get; }

    public EffectRunner Effects { get; }

    public NsmService Nsm { get; }

    public List<string> Warnings { get; } = [];

    /// <summary>In the order of their making.</summary>
    public IReadOnlyList<InMemoryChannel> Channels => channels;

    public InMemoryChannel Channel(NetAddress client, NetAddress server)
    {
        var channel = InMemoryChannel.Loopback(nlm, nsm);
        channel.Client = client;
        channel.Server = server;
        channels.Add(channel);
        return channel;
    }

    public NlmClient Client(NetAddress client, NetAddress server, uint version = 4) => new(Channel(client, server), version);

    /// <summary>An administrator's release, to its end.</summary>
    public ReleaseCounts Release(ReleaseSelector selector)
    {
        var effects = new EffectList();
        ReleaseCounts counts;
        using (var gate = State.Enter(effects))
            counts = State.Releases.Release(gate, selector, dryRun: false);
        Effects.RunAll(effects);
        Settle();
        return counts;
    }

    /// <summary>Does what is due now.</summary>
    public void Settle() => Effects.RunDue();

    /// <summary>Opens a grace window as resume_ip does.</summary>
    public void OpenWindow(Scope scope, bool anyone, int seconds = 90)
    {
        var effects = new EffectList();
        using (var gate = State.Enter(effects))
            State.Grace.Open(gate, new(scope, TimeSpan.FromSeconds(seconds), "test", anyone, Persisted: false), out _);
        Effects.RunAll(effects);
    }

    /// <summary>The cookie, kind and range of a GRANTED or GRANTED_MSG, version 4.</summary>
    public static (byte[] Cookie, bool Exclusive, int Svid, ulong Offset, ulong Length) Granted(PeerCall call)
    {
        var r = new XdrReader(call.Arguments);
        Assert.That(nlm4_testargs.Read(ref r, out var a), Is.True);
        return (a.cookie.ToArray(), a.exclusive, a.alock.svid, a.alock.l_offset, a.alock.l_len);
    }

    public void Dispose()
    {
        channels.ForEach(c => c.Dispose());
        Effects.Dispose();
        Notifier.Dispose();
        Local.Dispose();
    }
}
