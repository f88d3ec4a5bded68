using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>Replies that a socket does not take at once, sent by calls that went on alone while the loop goes on with the connection.</summary>
[TestFixture]
public class FullSocketTests
{
    private const int Calls = 4000;
    private const int InFlight = 8;
    private const int Size = 192 << 10;

    [Test]
    public void Each_reply_arrives_however_the_sends_meet_the_reads()
    {
        using var toy = new ToyServer(new RpcServerOptions { Threads = 16, Loops = 1 });
        toy.Program.Gate.Set();
        using var connection = toy.Connect(receiveBuffer: 64 << 10);
        byte[] data = new byte[Size];
        uint sent = 0;
        var missing = new HashSet<uint>();
        for (int received = 0; received < Calls; received++)
        {
            while (missing.Count < InFlight && sent < Calls)
            {
                missing.Add(++sent);
                connection.Send(Record(Call(sent, ToyProgram.EchoAfterBlock, Opaque(data))));
            }
            var (xid, status, result) = Accepted(connection.Receive()!);
            Assert.That(status, Is.EqualTo(AcceptStatus.Success));
            Assert.That((missing.Remove(xid), result.Length), Is.EqualTo((true, Size + 4)));
        }
    }
}
