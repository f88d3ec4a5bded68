using System.Diagnostics;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Calls that block: the others go on.</summary>
[TestFixture]
public class HandOverTests
{
    private ToyServer toy = null!;

    [SetUp]
    public void Start() => toy = new ToyServer(new RpcServerOptions { Threads = 8, Loops = 2 });

    [TearDown]
    public void Stop() => toy.Dispose();

    private static void Expect(RawConnection connection, uint xid)
    {
        var (answered, status, _) = Accepted(connection.Receive()!);
        Assert.That((answered, status), Is.EqualTo((xid, AcceptStatus.Success)));
    }

    [TestCase(ToyProgram.Block)]
    [TestCase(ToyProgram.Stuck)]
    public void The_rest_of_the_burst_and_other_connections_go_on(uint blocking)
    {
        using var connection = toy.Connect();
        connection.Send([.. Record(Call(1, blocking)), .. Record(Call(2, ToyProgram.Null)), .. Record(Call(3, ToyProgram.Null))]);
        Assert.That(new[] { Accepted(connection.Receive()!).Xid, Accepted(connection.Receive()!).Xid }, Is.EquivalentTo(new uint[] { 2, 3 }));
        for (int i = 0; i < 4; i++)
        {
            using var other = toy.Connect();
            other.Send(Record(Call(9, ToyProgram.Null)));
            Expect(other, 9);
        }
        connection.Send(Record(Call(4, ToyProgram.Null)));
        Expect(connection, 4);
        toy.Program.Gate.Set();
        Expect(connection, 1);
        Assert.That(toy.Server.Counters.HandOvers, Is.GreaterThanOrEqualTo(1));
    }

    [Test]
    public void What_was_answered_before_a_call_that_says_that_it_blocks_leaves_first()
    {
        using var connection = toy.Connect();
        connection.Send([.. Record(Call(1, ToyProgram.Null)), .. Record(Call(2, ToyProgram.Block))]);
        Expect(connection, 1);
        toy.Program.Gate.Set();
        Expect(connection, 2);
    }

    [Test]
    public void The_arguments_of_a_call_that_went_on_alone_stay_whole()
    {
        using var connection = toy.Connect();
        byte[] kept = new byte[50_000];
        new Random(1).NextBytes(kept);
        connection.Send(Record(Call(1, ToyProgram.EchoAfterBlock, Opaque(kept))));
        toy.Program.AtGate.Wait();
        for (uint i = 2; i < 40; i++)
        {
            connection.Send(Record(Call(i, ToyProgram.Echo, Opaque(new byte[50_000]))));
            Expect(connection, i);
        }
        toy.Program.Gate.Set();
        var (xid, _, result) = Accepted(connection.Receive()!);
        Assert.That(xid, Is.EqualTo(1));
        Assert.That(result.AsSpan().SequenceEqual(Opaque(kept)), Is.True);
    }

    [Test]
    public void One_client_cannot_take_all_threads()
    {
        using var greedy = toy.Connect();
        for (uint i = 0; i < 100; i++)
            greedy.Send(Record(Call(i, ToyProgram.Block)));
        for (int i = 0; i < toy.Server.Threads / 2; i++)
            toy.Program.AtGate.Wait();
        for (uint i = 0; i < 20; i++)
        {
            using var other = toy.Connect();
            other.Send(Record(Call(i, ToyProgram.Null)));
            Expect(other, i);
        }
        Assert.That(toy.Program.AtGate.CurrentCount, Is.Zero);
        toy.Program.Gate.Set();
        var answered = new HashSet<uint>();
        for (int i = 0; i < 100; i++)
            answered.Add(Accepted(greedy.Receive()!).Xid);
        Assert.That(answered, Has.Count.EqualTo(100));
    }

    [Test]
    public void With_every_thread_blocked_service_resumes_as_soon_as_one_is_free()
    {
        var connections = Enumerable.Range(0, 12).Select(_ => toy.Connect()).ToList();
        for (int i = 0; i < connections.Count; i++)
            connections[i].Send([.. Record(Call(1, i % 2 == 0 ? ToyProgram.Block : ToyProgram.Stuck)), .. Record(Call(2, ToyProgram.Null))]);
        toy.Program.AtGate.Wait();
        toy.Program.Gate.Set();
        foreach (var connection in connections)
        {
            var xids = new[] { Accepted(connection.Receive()!).Xid, Accepted(connection.Receive()).Xid };
            Assert.That(xids, Is.EquivalentTo(new uint[] { 1, 2 }));
            connection.Dispose();
        }
    }

    [Test]
    public void Threads_are_more_or_fewer_on_demand()
    {
        toy.Server.Threads = 16;
        Assert.That(toy.Server.Threads, Is.EqualTo(16));
        var connections = Enumerable.Range(0, 13).Select(_ => toy.Connect()).ToList();
        connections.ForEach(c => c.Send(Record(Call(1, ToyProgram.Block))));
        for (int i = 0; i < 13; i++)
            Assert.That(toy.Program.AtGate.Wait(TimeSpan.FromSeconds(20)), Is.True, $"call {i}");
        toy.Server.Threads = 4;
        toy.Program.Gate.Set();
        connections.ForEach(c => Expect(c, 1));
        Assert.That(ToyServer.Eventually(() => WorkerThreads() == 4), Is.True, $"{WorkerThreads()} threads");
        connections.ForEach(c => c.Send(Record(Call(2, ToyProgram.Null))));
        connections.ForEach(c => Expect(c, 2));
        connections.ForEach(c => c.Dispose());
    }

    [Test]
    public void A_closed_connection_of_a_call_that_blocks_harms_nobody()
    {
        for (int i = 0; i < 3; i++)
        {
            using var connection = toy.Connect();
            connection.Send(Record(Call(1, ToyProgram.Block)));
            toy.Program.AtGate.Wait();
        }
        toy.Program.Gate.Set();
        Assert.That(ToyServer.Eventually(() => toy.Server.Counters.Connections == 0), Is.True);
        using var other = toy.Connect();
        other.Send(Record(Call(5, ToyProgram.Null)));
        Expect(other, 5);
    }

    [Test]
    public void Hand_overs_at_random_lose_and_double_no_reply()
    {
        toy.Program.Gate.Set();
        const int perConnection = 400;
        var work = Enumerable.Range(0, 6).Select(seed => Task.Factory.StartNew(
            () =>
            {
                var random = new Random(seed);
                using var connection = toy.Connect();
                var seen = new HashSet<uint>();
                for (uint i = 0; i < perConnection; i += 20)
                {
                    var burst = new List<byte>();
                    for (uint j = i; j < i + 20; j++)
                        burst.AddRange(Record(Call(j, random.Next(4) == 0 ? ToyProgram.EchoAfterBlock : ToyProgram.Echo, Opaque(new byte[random.Next(500)]))));
                    connection.Send(burst.ToArray());
                    for (int j = 0; j < 20; j++)
                        seen.Add(Accepted(connection.Receive()!).Xid);
                }
                return seen.Count;
            },
            TaskCreationOptions.LongRunning)).ToArray();
        Assert.That(Task.WhenAll(work).Wait(TimeSpan.FromSeconds(60)), Is.True);
        Assert.That(work.Select(t => t.Result), Is.All.EqualTo(perConnection));
        Assert.That(toy.Server.Counters.Calls, Is.EqualTo(6 * perConnection));
    }

    /// <summary>Threads of this server by the kernel's list: their names begin with "rpc-".</summary>
    private static int WorkerThreads() => Process.GetCurrentProcess().Threads.Cast<ProcessThread>().Count(t =>
    {
        try
        {
            string name = File.ReadAllText($"/proc/self/task/{t.Id}/comm");
            return name.StartsWith("rpc-", StringComparison.Ordinal) && !name.StartsWith("rpc-monitor", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });
}
