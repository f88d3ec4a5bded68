using System.Net;
using System.Net.Sockets;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Records, bursts and bounds over real TCP connections.</summary>
[TestFixture]
public class TcpTests
{
    private ToyServer toy = null!;

    [SetUp]
    public void Start() => toy = new ToyServer();

    [TearDown]
    public void Stop() => toy.Dispose();

    private static byte[] EchoCall(uint xid, int size) => Call(xid, ToyProgram.Echo, Opaque(Bytes(size)));

    private static byte[] Bytes(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static void ExpectEcho(RawConnection connection, uint xid, int size)
    {
        var (answered, status, result) = Accepted(connection.Receive()!);
        Assert.That((answered, status), Is.EqualTo((xid, AcceptStatus.Success)));
        Assert.That(result.AsSpan().SequenceEqual(Opaque(Bytes(size))), Is.True, $"echo of {size} bytes");
    }

    /// <summary>Replies may come in any order: a call that takes long is overtaken.</summary>
    private static void ExpectEchoes(RawConnection connection, int[] sizes)
    {
        var answered = new HashSet<uint>();
        foreach (int _ in sizes)
        {
            var (xid, status, result) = Accepted(connection.Receive()!);
            Assert.That(status, Is.EqualTo(AcceptStatus.Success));
            Assert.That(answered.Add(xid), Is.True, $"{xid} twice");
            Assert.That(result.AsSpan().SequenceEqual(Opaque(Bytes(sizes[xid]))), Is.True, $"echo of {sizes[xid]} bytes");
        }
    }

    [Test]
    public void A_burst_of_calls_is_answered_whole()
    {
        using var connection = toy.Connect();
        const int count = 5000;
        var burst = new List<byte>();
        for (uint i = 0; i < count; i++)
            burst.AddRange(Record(EchoCall(i, (int)(i % 50))));
        var sender = Task.Run(() => connection.Send(burst.ToArray()));
        ExpectEchoes(connection, Enumerable.Range(0, count).Select(i => i % 50).ToArray());
        sender.Wait();
        Assert.That(toy.Server.Counters.Calls, Is.EqualTo(count));
    }

    [Test]
    public void A_record_may_be_fragmented_at_every_byte()
    {
        using var connection = toy.Connect();
        byte[] message = EchoCall(1, 30);
        for (int at = 0; at <= message.Length; at++)
        {
            connection.Send(Fragments(message, at));
            ExpectEcho(connection, 1, 30);
        }
        connection.Send(Fragments(message, Enumerable.Repeat(1, message.Length - 1).ToArray()));
        ExpectEcho(connection, 1, 30);
    }

    [Test]
    public void Bytes_may_arrive_in_any_portions()
    {
        using var connection = toy.Connect();
        var random = new Random(7);
        var stream = new List<byte>();
        var sizes = Enumerable.Range(0, 200).Select(_ => random.Next(4) == 0 ? random.Next(200_000) : random.Next(300)).ToArray();
        for (int i = 0; i < sizes.Length; i++)
        {
            byte[] message = EchoCall((uint)i, sizes[i]);
            int first = random.Next(message.Length + 1);
            stream.AddRange(random.Next(2) == 0 ? Record(message) : Fragments(message, first, random.Next(message.Length - first + 1)));
        }
        byte[] bytes = stream.ToArray();
        var sender = Task.Run(() =>
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                int portion = Math.Min(bytes.Length - sent, 1 + random.Next(random.Next(2) == 0 ? 40 : 100_000));
                connection.Send(bytes.AsSpan(sent, portion));
                sent += portion;
            }
        });
        ExpectEchoes(connection, sizes);
        sender.Wait();
    }

    [Test]
    public void The_longest_record_is_taken_and_one_byte_more_closes_the_connection()
    {
        int most = new RpcServerOptions().MaxRecord;
        using var connection = toy.Connect();
        byte[] call = Call(4, ToyProgram.Sum, Opaque(Bytes(most - 44)));
        Assert.That(call, Has.Length.EqualTo(most));
        connection.Send(Record(call));
        Assert.That(Accepted(connection.Receive()!).Result, Is.EqualTo(Words(ToyProgram.Checksum(Bytes(most - 44)))));
        connection.Send(Words(0x8000_0000 | (uint)(most + 1)));
        Assert.That(connection.Receive(), Is.Null);
        using var other = toy.Connect();
        other.Send([.. Words((uint)most), .. new byte[most], .. Words(0x8000_0001), 0]);
        Assert.That(other.Receive(), Is.Null);
        ExpectService();
    }

    [Test]
    public void Endless_empty_fragments_close_the_connection()
    {
        using var connection = toy.Connect();
        try
        {
            connection.Send(new byte[4 * 100_000]);
        }
        catch (SocketException)
        {
            // the server has closed it already
        }
        Assert.That(connection.Receive(), Is.Null);
        ExpectService();
    }

    [Test]
    public void Noise_closes_a_connection_or_is_ignored_and_the_server_lives()
    {
        var random = new Random(3);
        for (int i = 0; i < 100; i++)
        {
            using var connection = toy.Connect();
            byte[] noise = new byte[random.Next(400)];
            random.NextBytes(noise);
            connection.Send(noise);
        }
        ExpectService();
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 0), Is.True, $"{toy.Server.Counters.Connections} connections stay open");
        Assert.That(toy.Reports, Is.Empty);
    }

    [Test]
    public void Who_sends_and_closes_at_once_leaves_no_connection()
    {
        for (int i = 0; i < 200; i++)
        {
            using var connection = toy.Connect();
            connection.Send(Record(Call(1, ToyProgram.Null)));
        }
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.ConnectionsAccepted == 200), Is.True);
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 0), Is.True, $"{toy.Server.Counters.Connections} connections stay open");
    }

    [Test]
    public void Calls_sent_before_the_client_ends_its_side_are_answered()
    {
        using var connection = toy.Connect();
        for (uint i = 0; i < 20; i++)
            connection.Send(Record(EchoCall(i, 5)));
        connection.Send(Record(Call(20, ToyProgram.EchoAfterBlock, Opaque(Bytes(5)))));
        connection.Socket.Shutdown(SocketShutdown.Send);
        toy.Program.AtGate.Wait();
        toy.Program.Gate.Set();
        ExpectEchoes(connection, Enumerable.Repeat(5, 21).ToArray());
        Assert.That(connection.Receive(), Is.Null);
    }

    [Test]
    public void A_thousand_connections_are_served()
    {
        var connections = Enumerable.Range(0, 1000).Select(_ => toy.Connect()).ToList();
        try
        {
            for (int round = 0; round < 3; round++)
            {
                for (int i = 0; i < connections.Count; i++)
                    connections[i].Send(Record(EchoCall((uint)i, 16)));
                for (int i = 0; i < connections.Count; i++)
                    ExpectEcho(connections[i], (uint)i, 16);
            }
            Assert.That(toy.Server.Counters.Connections, Is.EqualTo(1000));
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 0), Is.True);
    }

    [Test]
    public void A_reader_that_is_slow_holds_up_nobody_and_is_not_answered_beyond_a_bound()
    {
        const int count = 600, size = 100_000;
        using var slow = toy.Connect(receiveBuffer: 4096);
        var sender = Task.Run(() =>
        {
            for (uint i = 0; i < count; i++)
                slow.Send(Record(Call(i, ToyProgram.Big, Words(size))));
        });
        long before = -1;
        Assert.That(ToyServer.Eventually(() => Stable(ref before)), Is.True);
        // what it has not read is in the kernel's buffers and in one queue of ours; the rest of its calls is not executed
        Assert.That(toy.Server.Counters.Calls, Is.LessThan(count / 2));
        ExpectService();
        var answered = new HashSet<uint>();
        for (int i = 0; i < count; i++)
        {
            var (xid, _, result) = Accepted(slow.Receive()!);
            Assert.That(answered.Add(xid), Is.True, $"{xid} twice");
            Assert.That(result, Has.Length.EqualTo(size + 4));
            Assert.That(result[4 + 54_321], Is.EqualTo(ToyProgram.PatternAt(54_321)));
        }
        sender.Wait();

        // the number of executed calls that no longer grows, over many looks
        bool Stable(ref long last)
        {
            for (int i = 0; i < 50; i++)
            {
                long now = toy.Server.Counters.Calls;
                if (now != last || now == 0)
                {
                    last = now;
                    Thread.Yield();
                    return false;
                }
                Thread.Sleep(1);
            }
            return true;
        }
    }

    [Test]
    public void A_client_that_never_stops_sending_does_not_starve_the_others_of_its_loop()
    {
        using var one = new ToyServer(new RpcServerOptions { Threads = 2, Loops = 1, StuckAfter = TimeSpan.FromMinutes(1) });
        using var stop = new CancellationTokenSource();
        using var greedy = one.Connect();
        byte[] burst = [.. Enumerable.Range(0, 4000).SelectMany(i => Record(Call((uint)i, ToyProgram.Null)))];
        var sender = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                    greedy.Send(burst);
                greedy.Socket.Shutdown(SocketShutdown.Send);
            },
            TaskCreationOptions.LongRunning);
        var reader = Task.Factory.StartNew(
            () =>
            {
                while (greedy.Receive() is not null)
                {
                }
            },
            TaskCreationOptions.LongRunning);
        for (uint i = 0; i < 50; i++)
        {
            using var other = one.Connect();
            other.Send(Record(EchoCall(i, 10)));
            ExpectEcho(other, i, 10);
        }
        stop.Cancel();
        Assert.That(Task.WaitAll([sender, reader], TimeSpan.FromSeconds(30)), Is.True);
    }

    [Test]
    public void An_exception_is_answered_with_system_error_and_reported()
    {
        using var connection = toy.Connect();
        connection.Send(Record(Call(1, ToyProgram.Throw)));
        Assert.That(Accepted(connection.Receive()!).Status, Is.EqualTo(AcceptStatus.SystemErr));
        connection.Send(Record(EchoCall(2, 3)));
        ExpectEcho(connection, 2, 3);
        Assert.That(toy.Reports, Is.EqualTo(new[] { "toy version 1 procedure 7 failed InvalidOperationException" }));
    }

    [Test]
    public void An_endpoint_is_opened_and_closed_live()
    {
        var added = toy.Server.Listen(NetAddress.FromV4(0x7F00_0007), 0, Transport.Tcp, toy.Program)[0];
        var place = new IPEndPoint(IPAddress.Parse("127.0.0.7"), added.Port);
        using (var connection = new RawConnection(place))
        {
            connection.Send(Record(EchoCall(1, 8)));
            ExpectEcho(connection, 1, 8);
        }
        toy.Server.Close(added);
        Assert.That(() => new RawConnection(place), Throws.TypeOf<SocketException>());
        ExpectService();
    }

    [Test]
    public void An_occupied_port_and_a_foreign_address_are_named()
    {
        var occupied = Assert.Throws<RpcListenException>(() => toy.Server.Listen(NetAddress.From(IPAddress.Loopback), (ushort)toy.Endpoint.Port, Transport.Tcp, toy.Program));
        Assert.That(occupied.Errno, Is.EqualTo(Linux.Errno.EADDRINUSE));
        Assert.That(occupied.Message, Does.Contain($"127.0.0.1 port {toy.Endpoint.Port}").And.Contain("in use"));
        var foreign = Assert.Throws<RpcListenException>(() => toy.Server.Listen(NetAddress.FromV4(0xC000_0201), 0, Transport.Tcp, toy.Program));
        Assert.That(foreign.Errno, Is.EqualTo(Linux.Errno.EADDRNOTAVAIL));
        Assert.That(foreign.Message, Does.Contain("192.0.2.1").And.Contain("not on this machine"));
    }

    [Test]
    public void The_wildcard_serves_both_families_and_tells_the_true_addresses()
    {
        var endpoints = toy.Server.Listen(NetAddress.Any, 0, Transport.Tcp, toy.Program);
        Assert.That(endpoints.Select(e => e.Port).Distinct().Count(), Is.EqualTo(1));
        foreach (string address in new[] { "127.0.0.3", "::1" })
        {
            var ip = IPAddress.Parse(address);
            using var connection = new RawConnection(new IPEndPoint(ip, endpoints[0].Port));
            connection.Send(Record(Call(1, ToyProgram.Who)));
            var local = NetAddress.From(ip);
            byte[] result = Accepted(connection.Receive()!).Result;
            Assert.That(NetAddress.FromBytes(result.AsSpan(0, 16)), Is.EqualTo(local));
            Assert.That(NetAddress.FromBytes(result.AsSpan(16, 16)), Is.EqualTo(NetAddress.From(((IPEndPoint)connection.Socket.LocalEndPoint!).Address)));
        }
    }

    private void ExpectService()
    {
        using var connection = toy.Connect();
        connection.Send(Record(EchoCall(99, 10)));
        ExpectEcho(connection, 99, 10);
    }
}
