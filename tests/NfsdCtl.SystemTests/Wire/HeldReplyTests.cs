using System.Net.Sockets;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Replies that wait for something while their thread goes on.</summary>
[TestFixture]
public class HeldReplyTests
{
    private ToyServer toy = null!;

    [SetUp]
    public void Start() => toy = new ToyServer(new RpcServerOptions { Threads = 2, Loops = 1, StuckAfter = TimeSpan.FromMinutes(1) });

    [TearDown]
    public void Stop() => toy.Dispose();

    private static byte[] HoldCall(uint xid) => Record(Call(xid, ToyProgram.Hold, Opaque([1, 2, 3, (byte)xid])));

    private void AwaitHeld(int count) => Assert.That(ToyServer.Eventually(() => toy.Program.Held.Count == count), Is.True);

    /// <summary>Each was asked for twice.</summary>
    private void Release(uint xid, bool good = true)
    {
        Assert.That(toy.Program.Held.TryRemove(xid, out var hold), Is.True);
        hold!.Release(true);
        hold.Release(good);
    }

    private static void ExpectHeld(RawConnection connection, uint xid)
    {
        var (answered, status, result) = Accepted(connection.Receive()!);
        Assert.That((answered, status), Is.EqualTo((xid, AcceptStatus.Success)));
        Assert.That(result, Is.EqualTo(Opaque([1, 2, 3, (byte)xid])));
    }

    [Test]
    public void Other_calls_overtake_a_held_reply_and_no_thread_waits()
    {
        using var connection = toy.Connect();
        for (uint xid = 0; xid < 50; xid++)
            connection.Send(HoldCall(xid));
        connection.Send(Record(Call(99, ToyProgram.Null)));
        Assert.That(Accepted(connection.Receive()!).Xid, Is.EqualTo(99));
        AwaitHeld(50);
        foreach (uint xid in (uint[])[7, 0, 49])
        {
            Release(xid);
            ExpectHeld(connection, xid);
        }
    }

    [Test]
    public void What_failed_is_a_system_error()
    {
        using var connection = toy.Connect();
        connection.Send(HoldCall(5));
        AwaitHeld(1);
        Release(5, good: false);
        var (xid, status, result) = Accepted(connection.Receive()!);
        Assert.That((xid, status, result.Length), Is.EqualTo((5u, AcceptStatus.SystemErr, 0)));
    }

    [Test]
    public void One_client_has_a_bounded_number_and_goes_on_when_some_are_released()
    {
        using var connection = toy.Connect();
        for (uint xid = 0; xid < 1500; xid++)
            connection.Send(HoldCall(xid));
        AwaitHeld(1024);
        using (var other = toy.Connect())
        {
            other.Send(Record(Call(1, ToyProgram.Null)));
            Assert.That(Accepted(other.Receive()!).Xid, Is.EqualTo(1));
        }
        Assert.That(toy.Program.Held, Has.Count.EqualTo(1024));
        AnswerAll(connection, 1500);
    }

    [Test]
    public void Large_replies_that_are_held_are_bounded_in_bytes()
    {
        const int Size = 200_000;
        using var connection = toy.Connect();
        var sender = new Thread(() =>
        {
            for (uint xid = 0; xid < 40; xid++)
                connection.Send(Record(Call(xid, ToyProgram.Hold, Opaque(new byte[Size]))));
        });
        sender.Start();
        AwaitHeld(11);
        using (var other = toy.Connect())
        {
            other.Send(Record(Call(1, ToyProgram.Null)));
            Assert.That(Accepted(other.Receive()!).Xid, Is.EqualTo(1));
        }
        Assert.That(toy.Program.Held, Has.Count.EqualTo(11), "2 MiB");
        AnswerAll(connection, 40);
        sender.Join();
    }

    [Test]
    public void An_end_that_comes_while_a_client_is_paused_is_seen_after_it()
    {
        using var connection = toy.Connect();
        for (uint xid = 0; xid < 1500; xid++)
            connection.Send(Record(Call(xid, ToyProgram.Hold, Opaque(new byte[1000]))));
        connection.Socket.Shutdown(SocketShutdown.Send);
        AwaitHeld(1024);
        AnswerAll(connection, 1500);
        Assert.That(connection.Receive(), Is.Null);
    }

    private void AnswerAll(RawConnection connection, int count)
    {
        var answered = new HashSet<uint>();
        while (answered.Count < count)
        {
            Assert.That(ToyServer.Eventually(() => !toy.Program.Held.IsEmpty), Is.True);
            foreach (uint xid in toy.Program.Held.Keys)
            {
                Release(xid);
                answered.Add(Accepted(connection.Receive()!).Xid);
            }
        }
    }

    [Test]
    public void A_client_that_ended_its_side_still_gets_what_was_held()
    {
        using var connection = toy.Connect();
        connection.Send(HoldCall(1));
        connection.Socket.Shutdown(SocketShutdown.Send);
        AwaitHeld(1);
        Release(1);
        ExpectHeld(connection, 1);
        Assert.That(connection.Receive(), Is.Null);
    }

    [Test]
    public void A_connection_that_is_gone_is_closed_when_its_last_hold_is()
    {
        var connection = toy.Connect();
        connection.Send(HoldCall(1));
        connection.Send(HoldCall(2));
        AwaitHeld(2);
        connection.Socket.LingerState = new LingerOption(true, 0);
        connection.Dispose();
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 0), Is.True);
        Release(1);
        Release(2);
        using var next = toy.Connect();
        next.Send(HoldCall(3));
        AwaitHeld(1);
        Release(3);
        ExpectHeld(next, 3);
    }
}
