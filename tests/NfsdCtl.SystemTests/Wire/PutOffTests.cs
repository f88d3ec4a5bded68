using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Work that calls put off is done before any of their replies is seen.</summary>
[TestFixture]
public class PutOffTests
{
    private const int Calls = 20;

    private ToyServer toy = null!;

    [SetUp]
    public void Start() => toy = new ToyServer(new RpcServerOptions { Threads = 4, Loops = 1, StuckAfter = TimeSpan.FromMinutes(1) });

    [TearDown]
    public void Stop() => toy.Dispose();

    [Test]
    public void Before_the_reply_and_once_for_a_burst()
    {
        using var connection = toy.Connect();
        connection.Send([.. Enumerable.Range(0, Calls).SelectMany(i => Record(Call((uint)i, ToyProgram.PutOff)))]);
        for (int i = 0; i < Calls; i++)
        {
            var (xid, status, _) = Accepted(connection.Receive()!);
            Assert.That((xid, status), Is.EqualTo(((uint)i, AcceptStatus.Success)));
            Assert.That(toy.Program.Work.Done, Is.GreaterThan(i));
        }
        Assert.That(toy.Program.Work.Runs, Is.InRange(1, Calls / 2), "they came in one piece");
    }

    [Test]
    public void Before_the_rest_of_the_burst_goes_to_another_thread()
    {
        using var connection = toy.Connect();
        connection.Send([.. Record(Call(1, ToyProgram.PutOff)), .. Record(Call(2, ToyProgram.Block)), .. Record(Call(3, ToyProgram.PutOff))]);
        Assert.That(Accepted(connection.Receive()!).Xid, Is.EqualTo(1));
        Assert.That(Accepted(connection.Receive()!).Xid, Is.EqualTo(3), "the second still waits");
        Assert.That(toy.Program.Work.Done, Is.EqualTo(2));
        toy.Program.Gate.Set();
        Assert.That(Accepted(connection.Receive()!).Xid, Is.EqualTo(2));
    }
}
