using NfsdCtl.Protocols.Mount;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.State.Replies;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nfs3;

/// <summary>
/// Calls that cannot be decoded. The programs have no files here: a call that got past its arguments would fail with a null
/// reference, so that GARBAGE_ARGS shows that no file was asked for.
/// </summary>
[TestFixture]
public class MalformedCallTests
{
    private readonly ReplyCache replies = new(64, TimeProvider.System);
    private InMemoryChannel channel = null!;

    [SetUp]
    public void Open() => channel = InMemoryChannel.Loopback(
        new Nfs3Program(null!, replies), new MountProgram(null!, () => [], new MountTable()));

    [TearDown]
    public void Close() => channel.Dispose();

    private static byte[] Arguments(uint procedure)
    {
        var writer = new XdrWriter(new byte[1024]);
        var handle = new nfs_fh3 { data = "0123456789abcde"u8 };
        var where = new diropargs3 { dir = handle, name = "name"u8 };
        var set = new sattr3 { mode = new() { set_it = true }, atime = new() { set_it = time_how.SET_TO_CLIENT_TIME } };
        var verifier = "12345678"u8;
        switch (procedure)
        {
            case 1 or 5 or 18 or 19 or 20: handle.Write(ref writer); break;
            case 2: new SETATTR3args { @object = handle, new_attributes = set, guard = new() { check = true } }.Write(ref writer); break;
            case 3 or 12 or 13: where.Write(ref writer); break;
            case 4: new ACCESS3args { @object = handle }.Write(ref writer); break;
            case 6: new READ3args { file = handle, count = 10 }.Write(ref writer); break;
            case 7: new WRITE3args { file = handle, count = 5, data = "hello"u8 }.Write(ref writer); break;
            case 8: new CREATE3args { where = where, how = new() { mode = createmode3.EXCLUSIVE, verf = verifier } }.Write(ref writer); break;
            case 9: new MKDIR3args { where = where, attributes = set }.Write(ref writer); break;
            case 10: new SYMLINK3args { where = where, symlink = new() { symlink_attributes = set, symlink_data = "to"u8 } }.Write(ref writer); break;
            case 11: new MKNOD3args { where = where, what = new() { type = ftype3.NF3CHR, device = new() { dev_attributes = set } } }.Write(ref writer); break;
            case 14: new RENAME3args { from = where, to = where }.Write(ref writer); break;
            case 15: new LINK3args { file = handle, link = where }.Write(ref writer); break;
            case 16: new READDIR3args { dir = handle, cookieverf = verifier }.Write(ref writer); break;
            case 17: new READDIRPLUS3args { dir = handle, cookieverf = verifier }.Write(ref writer); break;
            case 21: new COMMIT3args { file = handle }.Write(ref writer); break;
            default: throw new ArgumentOutOfRangeException(nameof(procedure));
        }
        return writer.Written.ToArray();
    }

    [Test]
    public void Arguments_cut_at_every_byte_are_garbage([Range(1, 21)] int procedure)
    {
        byte[] whole = Arguments((uint)procedure);
        Assert.That(whole, Is.Not.Empty);
        for (int length = 0; length < whole.Length; length++)
        {
            var answer = channel.Call(100003, 3, (uint)procedure, whole.AsSpan(0, length));
            Assert.That(answer.Status, Is.EqualTo(AcceptStatus.GarbageArgs), $"{length} of {whole.Length} bytes");
        }
        Assert.That(replies.Counts.Entries, Is.Zero, "a call that was not understood is not remembered");
    }

    [Test]
    public void The_whole_arguments_get_past_the_decoder([Range(1, 21)] int procedure) =>
        Assert.That(() => channel.Call(100003, 3, (uint)procedure, Arguments((uint)procedure)), Throws.TypeOf<NullReferenceException>());

    [Test]
    public void A_handle_over_64_bytes_is_garbage()
    {
        var writer = new XdrWriter(new byte[128]);
        writer.Opaque(new byte[65]);
        Assert.That(channel.Call(100003, 3, 1, writer.Written).Status, Is.EqualTo(AcceptStatus.GarbageArgs));
    }

    [Test]
    public void A_write_whose_count_is_not_its_length_is_garbage([Values(0u, 4u, 6u, uint.MaxValue)] uint count)
    {
        var writer = new XdrWriter(new byte[128]);
        new WRITE3args { file = new() { data = "12345678"u8 }, count = count, data = "hello"u8 }.Write(ref writer);
        Assert.That(channel.Call(100003, 3, 7, writer.Written).Status, Is.EqualTo(AcceptStatus.GarbageArgs));
    }

    [Test]
    public void A_mount_path_over_1024_bytes_is_garbage([Values(1u, 3u)] uint version, [Values(1u, 3u)] uint procedure)
    {
        var writer = new XdrWriter(new byte[2048]);
        writer.Opaque(new byte[1025]);
        Assert.That(channel.Call(100005, version, procedure, writer.Written).Status, Is.EqualTo(AcceptStatus.GarbageArgs));
        Assert.That(channel.Call(100005, version, procedure, writer.Written[..20]).Status, Is.EqualTo(AcceptStatus.GarbageArgs));
    }

    [TestCase(100003u, 3u, 22u)]
    [TestCase(100003u, 3u, uint.MaxValue)]
    [TestCase(100005u, 3u, 6u)]
    [TestCase(100005u, 1u, 6u)]
    public void An_unknown_procedure(uint program, uint version, uint procedure) =>
        Assert.That(channel.Call(program, version, procedure, []).Status, Is.EqualTo(AcceptStatus.ProcUnavail));

    [TestCase(100003u, 3u)]
    [TestCase(100005u, 1u)]
    [TestCase(100005u, 3u)]
    public void The_null_procedure_answers_nothing(uint program, uint version)
    {
        var answer = channel.Call(program, version, 0, []);
        Assert.That((answer.Status, answer.Result.Length), Is.EqualTo((AcceptStatus.Success, 0)));
    }
}
