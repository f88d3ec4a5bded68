using System.Net;
using System.Net.Sockets;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Datagrams, and the addresses between which they go.</summary>
[TestFixture]
public class UdpTests
{
    private ToyServer toy = null!;

    [SetUp]
    public void Start() => toy = new ToyServer();

    [TearDown]
    public void Stop() => toy.Dispose();

    private static Socket Client(IPAddress server) =>
        new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 20_000, SendTimeout = 20_000 };

    /// <summary>Sends from a socket that is not connected, so that an answer from another address would be seen as such.</summary>
    private static (byte[] Reply, IPEndPoint From) Exchange(Socket client, IPEndPoint server, byte[] message)
    {
        client.SendTo(message, server);
        byte[] buffer = new byte[70_000];
        EndPoint from = new IPEndPoint(server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        int n = client.ReceiveFrom(buffer, ref from);
        return (buffer[..n], (IPEndPoint)from);
    }

    [Test]
    public void On_a_wildcard_the_answer_leaves_from_the_address_that_was_called()
    {
        var endpoints = toy.Server.Listen(NetAddress.Any, 0, Transport.Udp, toy.Program);
        foreach (string address in new[] { "127.0.0.1", "127.0.0.2", "127.0.0.77", "::1" })
        {
            var server = new IPEndPoint(IPAddress.Parse(address), endpoints[0].Port);
            using var client = Client(server.Address);
            var (reply, from) = Exchange(client, server, Call(3, ToyProgram.Who));
            Assert.That(from, Is.EqualTo(server));
            Assert.That(NetAddress.FromBytes(Accepted(reply).Result.AsSpan(0, 16)), Is.EqualTo(NetAddress.From(server.Address)));
        }
    }

    [Test]
    public void A_call_that_blocks_holds_up_no_other_and_is_answered_from_the_right_address()
    {
        var endpoint = toy.Server.Listen(NetAddress.Any, 0, Transport.Udp, toy.Program)[0];
        var server = new IPEndPoint(IPAddress.Parse("127.0.0.5"), endpoint.Port);
        using var blocked = Client(server.Address);
        blocked.SendTo(Call(1, ToyProgram.EchoAfterBlock, Opaque("kept"u8)), server);
        toy.Program.AtGate.Wait();
        using var stuck = Client(server.Address);
        stuck.SendTo(Call(2, ToyProgram.Stuck), server);
        toy.Program.AtGate.Wait();
        using var other = Client(server.Address);
        for (uint i = 0; i < 100; i++)
            Assert.That(Accepted(Exchange(other, server, Call(i, ToyProgram.Echo, Opaque(new byte[i]))).Reply).Xid, Is.EqualTo(i));
        toy.Program.Gate.Set();
        byte[] buffer = new byte[1000];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        int n = blocked.ReceiveFrom(buffer, ref from);
        Assert.That(from, Is.EqualTo(server));
        Assert.That(Accepted(buffer.AsSpan(0, n)).Result, Is.EqualTo(Opaque("kept"u8)));
        n = stuck.ReceiveFrom(buffer, ref from);
        Assert.That(Accepted(buffer.AsSpan(0, n)).Xid, Is.EqualTo(2));
    }

    [Test]
    public void The_largest_datagrams_pass_and_a_result_that_fits_none_is_an_error()
    {
        var endpoint = toy.Server.Listen(NetAddress.From(IPAddress.Loopback), 0, Transport.Udp, toy.Program)[0];
        var server = new IPEndPoint(IPAddress.Loopback, endpoint.Port);
        using var client = Client(server.Address);
        byte[] data = new byte[65_460];
        Assert.That(Accepted(Exchange(client, server, Call(1, ToyProgram.Sum, Opaque(data))).Reply).Result, Is.EqualTo(Words(ToyProgram.Checksum(data))));
        Assert.That(Accepted(Exchange(client, server, Call(2, ToyProgram.Big, Words(65_000))).Reply).Result, Has.Length.EqualTo(65_004));
        Assert.That(Accepted(Exchange(client, server, Call(3, ToyProgram.Big, Words(66_000))).Reply).Status, Is.EqualTo(AcceptStatus.SystemErr));
    }

    [Test]
    public void Noise_and_cut_calls_get_no_answer_and_do_no_harm()
    {
        var endpoint = toy.Server.Listen(NetAddress.From(IPAddress.Loopback), 0, Transport.Udp, toy.Program)[0];
        var server = new IPEndPoint(IPAddress.Loopback, endpoint.Port);
        using var client = Client(server.Address);
        byte[] whole = Call(8, ToyProgram.Null);
        for (int length = 0; length < 24; length++)
            client.SendTo(whole.AsSpan(0, length), server);
        byte[] reply = whole.ToArray();
        reply[7] = 1;
        client.SendTo(reply, server);
        Assert.That(Accepted(Exchange(client, server, Call(9, ToyProgram.Null)).Reply).Xid, Is.EqualTo(9));
    }

    [Test]
    public void Splice_is_refused_so_that_data_is_copied()
    {
        var endpoint = toy.Server.Listen(NetAddress.From(IPAddress.Loopback), 0, Transport.Udp, toy.Program)[0];
        var server = new IPEndPoint(IPAddress.Loopback, endpoint.Port);
        using var client = Client(server.Address);
        Assert.That(Accepted(Exchange(client, server, Call(1, ToyProgram.Splice, Words(0, 0, 20_000))).Reply).Status, Is.EqualTo(AcceptStatus.SystemErr));
    }
}
