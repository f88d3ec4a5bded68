using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>File data that goes to the socket without being copied.</summary>
[TestFixture]
public class SpliceTests
{
    private const int Size = 5_000_003;
    private ToyServer toy = null!;
    private string path = null!;
    private FileStream file = null!;

    [SetUp]
    public void Start()
    {
        toy = new ToyServer();
        path = Path.GetTempFileName();
        byte[] content = new byte[Size];
        for (int i = 0; i < Size; i++)
            content[i] = ToyProgram.PatternAt(i);
        File.WriteAllBytes(path, content);
        file = File.OpenRead(path);
        toy.Program.File = (int)file.SafeFileHandle.DangerousGetHandle();
    }

    [TearDown]
    public void Stop()
    {
        toy.Dispose();
        file.Dispose();
        File.Delete(path);
    }

    private static byte[] SpliceCall(uint xid, ulong offset, uint count) =>
        Call(xid, ToyProgram.Splice, Words((uint)(offset >> 32), (uint)offset, count));

    private static void Expect(byte[]? record, uint xid, long offset, int count)
    {
        var (answered, status, result) = Accepted(record!);
        Assert.That((answered, status), Is.EqualTo((xid, AcceptStatus.Success)));
        int moved = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(result);
        Assert.That(moved, offset % 4096 == 0 ? Is.EqualTo(count) : Is.InRange(1, count));
        Assert.That(result, Has.Length.EqualTo(4 + ((moved + 3) & ~3)));
        for (int i = 0; i < moved; i++)
        {
            if (result[4 + i] != ToyProgram.PatternAt(offset + i))
                Assert.Fail($"byte {i} of {moved} at {offset}");
        }
        Assert.That(result[(4 + moved)..], Is.All.Zero);
    }

    [TestCase(0, 16384)]
    [TestCase(4096, 1048576)]
    [TestCase(1, 1048576)]
    [TestCase(12345, 65535)]
    [TestCase(8192, 16385)]
    [TestCase(8192, 16386)]
    [TestCase(8192, 16387)]
    public void A_part_of_a_file_arrives_whole_and_padded(int offset, int count)
    {
        using var connection = toy.Connect();
        connection.Send([.. Record(Call(1, ToyProgram.Null)), .. Record(SpliceCall(2, (ulong)offset, (uint)count)), .. Record(Call(3, ToyProgram.Null))]);
        var replies = Enumerable.Range(0, 3).Select(_ => connection.Receive()!).ToDictionary(r => Accepted(r).Xid);
        Expect(replies[2], 2, offset, count);
        Assert.That(replies.Keys, Is.EquivalentTo(new uint[] { 1, 2, 3 }));
    }

    [Test]
    public void The_end_of_the_file_gives_what_is_there()
    {
        using var connection = toy.Connect();
        long aligned = Size - Size % 4096 - 65536;
        connection.Send(Record(SpliceCall(1, (ulong)aligned, 1 << 20)));
        Expect(connection.Receive(), 1, aligned, (int)(Size - aligned));
        connection.Send(Record(SpliceCall(2, Size, 1 << 20)));
        Assert.That(Accepted(connection.Receive()!).Result, Is.EqualTo(Words(0)));
    }

    [Test]
    public void A_slow_reader_gets_every_byte_and_holds_up_nobody()
    {
        const int count = 64;
        using var slow = toy.Connect(receiveBuffer: 4096);
        for (uint i = 0; i < count; i++)
            slow.Send(Record(SpliceCall(i, i % 4 * 4096, 1 << 20)));
        using var other = toy.Connect();
        other.Send(Record(SpliceCall(7, 0, 100_001)));
        Expect(other.Receive(), 7, 0, 100_001);
        var answered = new HashSet<uint>();
        for (int i = 0; i < count; i++)
        {
            byte[] record = slow.Receive()!;
            uint xid = Accepted(record).Xid;
            Expect(record, xid, xid % 4 * 4096, 1 << 20);
            Assert.That(answered.Add(xid), Is.True);
        }
    }

    [Test]
    public void A_reader_that_goes_away_leaves_no_rest_in_the_next_reply()
    {
        for (int i = 0; i < 10; i++)
        {
            using var gone = toy.Connect(receiveBuffer: 4096);
            for (uint j = 0; j < 4; j++)
                gone.Send(Record(SpliceCall(j, 0, 1 << 20)));
        }
        using var connection = toy.Connect();
        for (uint i = 0; i < 20; i++)
        {
            connection.Send(Record(SpliceCall(i, 4096, 70_001)));
            Expect(connection.Receive(), i, 4096, 70_001);
        }
    }

    [Test]
    public void A_failure_after_the_data_was_fetched_leaves_nothing_behind()
    {
        using var connection = toy.Connect();
        for (uint i = 0; i < 10; i++)
        {
            connection.Send(Record(Call(i, ToyProgram.LateFailure)));
            Assert.That(Accepted(connection.Receive()!).Status, Is.EqualTo(AcceptStatus.SystemErr));
            connection.Send(Record(SpliceCall(100 + i, 8192, 20_000)));
            Expect(connection.Receive(), 100 + i, 8192, 20_000);
        }
    }

    [Test]
    public void Small_counts_are_left_to_copying()
    {
        using var connection = toy.Connect();
        connection.Send(Record(SpliceCall(1, 0, 16_383)));
        Assert.That(Accepted(connection.Receive()!).Status, Is.EqualTo(AcceptStatus.SystemErr));
    }
}
