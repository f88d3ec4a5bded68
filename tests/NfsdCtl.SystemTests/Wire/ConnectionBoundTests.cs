using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Clients that open too many connections, or leave them, lose their own.</summary>
[TestFixture]
public class ConnectionBoundTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(10);
    private static readonly IPAddress Greedy = IPAddress.Parse("127.0.0.2");
    private static readonly IPAddress Modest = IPAddress.Parse("127.0.0.3");

    private readonly FakeTimeProvider time = new();
    private readonly List<RawConnection> connections = [];
    private ToyServer toy = null!;

    [SetUp]
    public void Start() =>
        toy = new ToyServer(new RpcServerOptions { Threads = 8, MaxConnections = 6, MaxConnectionsPerClient = 4, MaxReceiving = 4 << 20 }, time);

    [TearDown]
    public void Stop()
    {
        connections.ForEach(c => c.Dispose());
        connections.Clear();
        toy.Dispose();
    }

    private RawConnection Connect(IPAddress source)
    {
        var connection = toy.Connect(source: source);
        connections.Add(connection);
        ExpectLife(connection);
        return connection;
    }

    private static void ExpectLife(RawConnection connection)
    {
        connection.Send(Record(Call(7, ToyProgram.Null)));
        Assert.That(connection.Receive(), Is.Not.Null);
    }

    private void Wait(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Tick)
            time.Advance(Tick);
    }

    [Test]
    public void A_client_with_too_many_loses_the_one_that_it_has_not_used_for_longest()
    {
        var own = Enumerable.Range(0, 4).Select(_ => Connect(Greedy)).ToList();
        Wait(Tick);
        ExpectLife(own[0]);
        ExpectLife(own[2]);
        ExpectLife(own[3]);
        Connect(Greedy);
        Assert.That(own[1].Receive(), Is.Null);
        ExpectLife(own[0]);
        ExpectLife(own[2]);
        ExpectLife(own[3]);
    }

    [Test]
    public void When_the_server_has_too_many_the_client_with_the_most_loses_one()
    {
        var modest = new[] { Connect(Modest), Connect(Modest) };
        Wait(Tick);
        var greedy = Enumerable.Range(0, 4).Select(_ => Connect(Greedy)).ToList();
        Connect(IPAddress.Loopback);
        Assert.That(greedy[0].Receive(), Is.Null);
        Array.ForEach(modest, ExpectLife);
        greedy[1..].ForEach(ExpectLife);
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 6), Is.True);
    }

    [Test]
    public void A_connection_without_a_call_is_closed_after_six_minutes()
    {
        var quiet = Connect(Modest);
        var used = Connect(Modest);
        Wait(TimeSpan.FromMinutes(5));
        ExpectLife(used);
        Wait(TimeSpan.FromMinutes(2));
        Assert.That(quiet.Receive(), Is.Null);
        ExpectLife(used);
    }

    [Test]
    public void A_connection_that_awaits_a_reply_is_kept()
    {
        var waiting = Connect(Modest);
        waiting.Send(Record(Call(9, ToyProgram.Block)));
        toy.Program.AtGate.Wait();
        Wait(TimeSpan.FromMinutes(20));
        toy.Program.Gate.Set();
        Assert.That(Accepted(waiting.Receive()!).Item1, Is.EqualTo(9));
    }

    [Test]
    public void A_client_that_begins_too_many_long_records_loses_the_oldest()
    {
        var modest = Connect(Modest);
        byte[] record = Record(Call(9, ToyProgram.Echo, Opaque(new byte[1 << 20])));
        modest.Send(record.AsSpan(0, 100));
        var greedy = Enumerable.Range(0, 3).Select(_ => Connect(Greedy)).ToList();
        foreach (var connection in greedy)
            connection.Send(record.AsSpan(0, 100));
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 3), Is.True);
        modest.Send(record.AsSpan(100));
        Assert.That(Accepted(modest.Receive()!).Item1, Is.EqualTo(9));
    }

    [Test]
    public void A_record_that_is_not_ended_within_a_minute_closes_the_connection()
    {
        var half = Connect(Modest);
        var other = Connect(Modest);
        byte[] record = Record(Call(9, ToyProgram.Null));
        half.Send(record.AsSpan(0, record.Length - 1));
        // Well before it would be closed for being quiet.
        for (int i = 0; i < 30 && !half.Socket.Poll(0, SelectMode.SelectRead); i++)
        {
            Wait(Tick);
            ExpectLife(other);
        }
        Assert.That(half.Socket.Poll(10_000_000, SelectMode.SelectRead), Is.True);
        Assert.That(half.Receive(), Is.Null);
        ExpectLife(other);
    }
}
