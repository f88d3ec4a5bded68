using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Calls from the server to the client over the client's own TCP connection.</summary>
[TestFixture]
public class BackChannelTests
{
    private ToyServer toy = null!;

    [SetUp]
    public void Start() => toy = new ToyServer();

    [TearDown]
    public void Stop() => toy.Dispose();

    private static RpcRequest Request(params uint[] words) => new()
    {
        To = default,
        Program = 0x40000000,
        Version = 1,
        Procedure = 1,
        Arguments = Words(words),
    };

    private IBackChannel WayOf(RawConnection connection)
    {
        connection.Send(Record(Call(1, ToyProgram.GiveWayBack)));
        Assert.That(Accepted(connection.Receive()!).Status, Is.EqualTo(AcceptStatus.Success));
        Assert.That(toy.Program.WaysBack.TryDequeue(out var way), Is.True);
        return way!;
    }

    private static byte[] Reply(uint xid, params uint[] result) => [.. Words(xid, 1, 0, 0, 0, 0), .. Words(result)];

    [Test]
    public void The_client_is_called_and_its_answer_is_told_once()
    {
        using var connection = toy.Connect();
        var way = WayOf(connection);
        var answers = new List<RpcReply>();
        uint xid = way.Call(Request(5, 6), answers.Add);
        var call = new XdrReader(connection.Receive()!);
        Assert.That((call.U32(), call.U32(), call.U32(), call.U32(), call.U32(), call.U32()), Is.EqualTo((xid, 0u, 2u, 0x40000000u, 1u, 1u)));
        call.Fixed(16);
        Assert.That((call.U32(), call.U32(), call.Remaining), Is.EqualTo((5u, 6u, 0)));
        connection.Send([.. Record(Reply(xid, 42)), .. Record(Reply(xid, 43)), .. Record(Reply(xid + 9, 44))]);
        Assert.That(ToyServer.Eventually(() => answers.Count == 1), Is.True);
        connection.Send(Record(Call(2, ToyProgram.Null)));
        Assert.That(Accepted(connection.Receive()!).Xid, Is.EqualTo(2u), "calls go on beside it");
        Assert.That(answers.Single().Outcome, Is.EqualTo(RpcOutcome.Answered));
        Assert.That(answers.Single().Result.ToArray(), Is.EqualTo(Words(42)));
    }

    [Test]
    public void Calls_in_both_directions_do_not_mix()
    {
        using var connection = toy.Connect();
        var way = WayOf(connection);
        int answered = 0;
        var calls = Task.Run(() =>
        {
            for (uint i = 0; i < 50; i++)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref answered) + 32 > i);
                Assert.That(way.Call(Request(i), _ => Interlocked.Increment(ref answered)), Is.Not.Zero);
            }
        });
        var echo = Opaque(new byte[3000]);
        for (uint i = 0; i < 50; i++)
            connection.Send(Record(Call(1000 + i, ToyProgram.Echo, echo)));
        int echoes = 0;
        for (int left = 100; left > 0; left--)
        {
            var message = new XdrReader(connection.Receive()!);
            uint xid = message.U32();
            if (message.U32() == 0)
                connection.Send(Record(Reply(xid)));
            else
                echoes += xid >= 1000 && message.Remaining == 4 * 4 + 4 + 3000 ? 1 : 0;
        }
        calls.Wait();
        Assert.That(ToyServer.Eventually(() => Volatile.Read(ref answered) == 50), Is.True);
        Assert.That(echoes, Is.EqualTo(50));
    }

    [Test]
    public void Who_waits_is_told_when_the_connection_goes()
    {
        var connection = toy.Connect();
        var way = WayOf(connection);
        var answers = new List<RpcReply>();
        int closed = 0;
        way.WhenClosed(() => closed++);
        way.Call(Request(1), answers.Add);
        connection.Dispose();
        Assert.That(ToyServer.Eventually(() => closed == 1), Is.True);
        Assert.That(answers.Single().Outcome, Is.EqualTo(RpcOutcome.NoAnswer));
        Assert.That(way.IsOpen, Is.False);
        Assert.That(way.Call(Request(2), answers.Add), Is.Zero);
        way.WhenClosed(() => closed++);
        Assert.That((closed, answers.Count), Is.EqualTo((2, 1)));
    }

    [Test]
    public void A_client_that_answers_nothing_is_asked_a_bounded_number_of_times()
    {
        using var connection = toy.Connect();
        var way = WayOf(connection);
        int taken = 0;
        for (uint i = 0; i < 1000; i++)
            taken += way.Call(Request(i), _ => { }) != 0 ? 1 : 0;
        Assert.That(taken, Is.InRange(1, 100));
    }
}
