using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Calls to other machines, which here are other addresses of loopback.</summary>
[TestFixture]
public class RpcClientTests
{
    private static readonly NetAddress Here = NetAddress.FromV4(0x7F00_0005);
    private static readonly NetAddress There = NetAddress.FromV4(0x7F00_0006);
    private static readonly NetAddress Mapped = NetAddress.FromV4(0x7F00_0008);
    private ToyServer toy = null!;
    private RpcClient client = null!;
    private Dictionary<Transport, ushort> ports = null!;

    [SetUp]
    public void Start()
    {
        toy = new ToyServer();
        ports = new[] { Transport.Tcp, Transport.Udp }.ToDictionary(t => t, t => toy.Server.Listen(There, 0, t, toy.Program)[0].Port);
        client = new RpcClient(TimeProvider.System, new RpcClientOptions { FirstRetransmission = TimeSpan.FromMilliseconds(50) });
    }

    [TearDown]
    public void Stop()
    {
        toy.Dispose();
        client.Dispose();
    }

    private RpcRequest Request(Transport transport, uint procedure, byte[]? arguments = null) => new()
    {
        From = Here,
        To = There,
        Port = ports[transport],
        Program = ToyProgram.Id,
        Version = 1,
        Procedure = procedure,
        Transport = transport,
        Arguments = arguments,
        Timeout = TimeSpan.FromSeconds(20),
    };

    [TestCase(Transport.Tcp)]
    [TestCase(Transport.Udp)]
    public async Task A_call_leaves_from_the_address_it_names_with_its_identity(Transport transport)
    {
        var reply = await client.CallAsync(Request(transport, ToyProgram.Who) with { Identity = new RpcIdentity(17, 4, "host"), Privileged = true });
        Assert.That(reply.Outcome, Is.EqualTo(RpcOutcome.Answered), reply.Problem);
        Assert.That(NetAddress.FromBytes(reply.Result.Span[..16]), Is.EqualTo(There));
        Assert.That(NetAddress.FromBytes(reply.Result.Span[16..32]), Is.EqualTo(Here));
        Assert.That(reply.Result.Span[32..36].ToArray(), Is.EqualTo(Words(17)));
    }

    [TestCase(Transport.Tcp)]
    [TestCase(Transport.Udp)]
    public async Task Arguments_and_results_arrive_and_refusals_are_told(Transport transport)
    {
        byte[] data = Opaque(new byte[30_000]);
        var echo = await client.CallAsync(Request(transport, ToyProgram.Echo, data));
        Assert.That(echo.Result.ToArray(), Is.EqualTo(data));
        var refused = await client.CallAsync(Request(transport, 99));
        Assert.That((refused.Outcome, refused.Status), Is.EqualTo((RpcOutcome.Refused, AcceptStatus.ProcUnavail)));
        Assert.That((await client.CallAsync(Request(transport, 0) with { Version = 9 })).Status, Is.EqualTo(AcceptStatus.ProgMismatch));
    }

    [Test]
    public async Task A_lost_datagram_is_sent_again()
    {
        var reply = await client.CallAsync(Request(Transport.Udp, ToyProgram.DropFirst));
        Assert.That(reply.Outcome, Is.EqualTo(RpcOutcome.Answered), reply.Problem);
        Assert.That(toy.Program.Dropped, Is.EqualTo(1));
    }

    [Test]
    public async Task A_peer_that_is_not_there_and_an_address_that_is_not_here_are_no_answer()
    {
        foreach (var transport in new[] { Transport.Tcp, Transport.Udp })
        {
            var closed = await client.CallAsync(Request(transport, 0) with { Port = 1 });
            Assert.That(closed.Outcome, Is.EqualTo(RpcOutcome.NoAnswer));
            Assert.That(closed.Problem, Does.Contain("refused"));
            var foreign = await client.CallAsync(Request(transport, 0) with { From = NetAddress.FromV4(0xC000_0201) });
            Assert.That(foreign.Outcome, Is.EqualTo(RpcOutcome.NoAnswer));
        }
    }

    private static (Socket Silent, RpcRequest Request) SilentPeer(TimeSpan patience)
    {
        var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
        return (silent, new RpcRequest
        {
            From = Here,
            To = NetAddress.FromV4(0x7F00_0009),
            Port = (ushort)((IPEndPoint)silent.LocalEndPoint!).Port,
            Program = ToyProgram.Id,
            Version = 1,
            Procedure = 0,
            Timeout = patience,
        });
    }

    [Test]
    public async Task A_peer_that_says_nothing_ends_in_time()
    {
        var (silent, request) = SilentPeer(TimeSpan.FromMilliseconds(300));
        using (silent)
        {
            var reply = await client.CallAsync(request);
            Assert.That(reply.Outcome, Is.EqualTo(RpcOutcome.NoAnswer));
            Assert.That(reply.Problem, Does.Contain("0.3 s"));
        }
    }

    [Test]
    public async Task A_peer_that_says_nothing_holds_up_no_other()
    {
        var (silent, request) = SilentPeer(TimeSpan.FromMinutes(10));
        using var cancel = new CancellationTokenSource();
        using (silent)
        {
            var waiting = Enumerable.Range(0, 200).Select(_ => client.CallAsync(request, cancel.Token)).ToArray();
            for (int i = 0; i < 20; i++)
                Assert.That((await client.CallAsync(Request(Transport.Udp, 0))).Outcome, Is.EqualTo(RpcOutcome.Answered));
            Assert.That(waiting.Any(t => t.IsCompleted), Is.False);
            await cancel.CancelAsync();
            foreach (var call in waiting)
                Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        }
    }

    [Test]
    public async Task More_calls_than_may_wait_for_a_peer_fail_at_once()
    {
        using var bounded = new RpcClient(TimeProvider.System, new RpcClientOptions { MaxCallsPerPeer = 1, MaxWaitingPerPeer = 2 });
        var calls = Enumerable.Range(0, 4).Select(_ => bounded.CallAsync(Request(Transport.Tcp, ToyProgram.Block))).ToArray();
        Assert.That(calls[3].IsCompleted, Is.True);
        Assert.That((await calls[3]).Outcome, Is.EqualTo(RpcOutcome.NoAnswer));
        toy.Program.Gate.Set();
        Assert.That((await Task.WhenAll(calls[..3])).Select(r => r.Outcome), Is.All.EqualTo(RpcOutcome.Answered));
    }

    [Test]
    public void A_call_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var call = client.CallAsync(Request(Transport.Tcp, ToyProgram.Block), cancel.Token);
        toy.Program.AtGate.Wait();
        cancel.Cancel();
        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase(Transport.Tcp)]
    [TestCase(Transport.Udp)]
    public async Task The_port_is_asked_of_the_peers_port_mapper(Transport transport)
    {
        var registry = ServePortMapper();
        var request = Request(transport, ToyProgram.Null) with { To = Mapped, Port = 0 };
        var unknown = await client.CallAsync(request);
        Assert.That((unknown.Outcome, unknown.Status), Is.EqualTo((RpcOutcome.Refused, AcceptStatus.ProgUnavail)));
        ushort port = toy.Server.Listen(Mapped, 0, transport, toy.Program)[0].Port;
        registry.Set(new PortMapping(ToyProgram.Id, 1, transport, true, Mapped, port));
        var reply = await client.CallAsync(request);
        Assert.That(reply.Outcome, Is.EqualTo(RpcOutcome.Answered), reply.Problem);
    }

    /// <summary>A client written against libtirpc sees what is registered, over both transports.</summary>
    [TestCase("-p 127.0.0.8", "2049", "nfs")]
    [TestCase("-s 127.0.0.8", "100003", "nfs")]
    [TestCase("-T tcp 127.0.0.8 100000 4", "ready and waiting", "version 4")]
    [TestCase("-T udp 127.0.0.8 100000 2", "ready and waiting", "version 2")]
    public void Rpcinfo_understands_the_port_mapper(string arguments, params string[] expected)
    {
        if (!File.Exists("/usr/sbin/rpcinfo"))
            Assert.Ignore("rpcinfo is not installed (package rpcbind)");
        var registry = ServePortMapper();
        registry.Set(new PortMapping(RPCBPROG.Number, 4, Transport.Tcp, true, NetAddress.Any, 111));
        registry.Set(new PortMapping(RPCBPROG.Number, 2, Transport.Udp, true, NetAddress.Any, 111));
        registry.Set(new PortMapping(100003, 3, Transport.Tcp, true, NetAddress.Any, 2049));
        using var rpcinfo = Process.Start(new ProcessStartInfo("/usr/sbin/rpcinfo", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = rpcinfo.StandardOutput.ReadToEnd() + rpcinfo.StandardError.ReadToEnd();
        rpcinfo.WaitForExit();
        foreach (string text in expected)
            Assert.That(output, Does.Contain(text));
    }

    private PortRegistry ServePortMapper()
    {
        var registry = new PortRegistry();
        var mapper = new PortMapper(registry, TimeProvider.System);
        try
        {
            foreach (var transport in new[] { Transport.Tcp, Transport.Udp })
                toy.Server.Listen(Mapped, RpcbindConstants.PMAP_PORT, transport, mapper);
        }
        catch (RpcListenException e)
        {
            Assert.Ignore($"port 111 of 127.0.0.8 cannot be had here: {e.Message}");
        }
        return registry;
    }
}
