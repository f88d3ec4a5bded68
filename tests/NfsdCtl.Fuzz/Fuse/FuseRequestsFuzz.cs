using System.Runtime.InteropServices;
using NfsdCtl.AdminFs;
using NfsdCtl.Fuse;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.Fuzz.Fuse;

/// <summary>
/// The FUSE dispatcher over the admin files against requests that are cut, damaged and in any order: each gets a whole answer
/// to its own number, or none where the protocol wants none.
/// </summary>
public sealed class FuseRequestsFuzz
{
    private static readonly FuseOpcode[] Opcodes = Enum.GetValues<FuseOpcode>();

    private static readonly string[] Names = ["unlock_ip", "resume_ip", "locks", "threads", "clients", "last", "nothing", ".", "..", ""];

    private readonly byte[] reply = new byte[FuseDispatcher.ReplyBuffer];
    private readonly List<Exception> bugs = [];
    private FuseDispatcher dispatcher = null!;
    private ulong unique;

    [Test]
    [Category("Fuzz")]
    public void Any_request_gets_its_answer() => FuzzRun.For(random =>
    {
        Start();
        for (int i = 0; i < 64; i++)
        {
            byte[] request = Request(random, Opcodes[random.Next(Opcodes.Length)]);
            Check(request);
            Check(Damage(random, request));
        }
        AssertAlive();
    });

    /// <summary>Every operation cut at every byte, with a header that tells the cut length and with one that does not.</summary>
    [Test]
    public void Every_request_cut_at_every_byte_is_answered()
    {
        Start();
        var random = new Random(1);
        foreach (var opcode in Opcodes)
        {
            byte[] request = Request(random, opcode);
            for (int cut = 0; cut < request.Length; cut++)
            {
                Assert.That(dispatcher.Process(request.AsSpan(0, cut), reply), Is.Zero, $"{opcode} cut at {cut}: its length is wrong");
                Check(WithLength(request[..cut]));
            }
        }
        AssertAlive();
    }

    private void Start()
    {
        bugs.Clear();
        var control = new FakeServerControl();
        var files = new AdminFileSystem(new AdminHost(control, TimeProvider.System, _ => { }) { WorkingDirectory = _ => null });
        dispatcher = new FuseDispatcher(files, bugs.Add);
    }

    private void Check(byte[] request)
    {
        int length = dispatcher.Process(request, reply);
        string what = Convert.ToHexString(request.AsSpan(0, Math.Min(request.Length, 200)));
        if (bugs.Count > 0)
            Assert.Fail($"{what}: {bugs[0]}");
        if (!FuseDispatcher.TryReadHeader(request, out var header))
        {
            Assert.That(length, Is.Zero, what);
            return;
        }
        if (header.Opcode is FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Interrupt)
        {
            Assert.That(length, Is.Zero, what);
            return;
        }
        var answer = MemoryMarshal.Read<FuseOutHeader>(reply);
        Assert.That(answer.Length, Is.EqualTo((uint)length), what);
        Assert.That(length, Is.InRange(FuseOutHeader.Size, reply.Length), what);
        Assert.That(answer.Unique, Is.EqualTo(header.Unique), what);
        Assert.That(answer.Error, Is.InRange(-511, 0), what);
        if (answer.Error != 0)
            Assert.That(length, Is.EqualTo(FuseOutHeader.Size), what);
    }

    private void AssertAlive()
    {
        int length = dispatcher.Process(Made(FuseOpcode.GetAttr, FuseConstants.RootNode, new byte[16]), reply);
        Assert.That(length, Is.EqualTo(FuseOutHeader.Size + Marshal.SizeOf<FuseAttrOut>()), "the root has attributes");
    }

    private byte[] Request(Random random, FuseOpcode opcode)
    {
        // Nodes and handles are counted from small numbers, so these hit what earlier requests made.
        ulong node = random.Next(3) == 0 ? FuseConstants.RootNode : (ulong)random.Next(1, 40);
        var io = new FuseIoIn
        {
            Handle = (ulong)random.Next(1, 20),
            Offset = random.Next(4) == 0 ? ulong.MaxValue : (ulong)random.Next(300),
            Count = random.Next(4) == 0 ? uint.MaxValue : (uint)random.Next(5000),
        };
        byte[] body = opcode switch
        {
            FuseOpcode.Lookup or FuseOpcode.Unlink or FuseOpcode.RmDir => Name(random),
            FuseOpcode.Init => Bytes(new FuseInitIn { Major = (uint)random.Next(6, 9), Minor = (uint)random.Next(50), Flags = (uint)random.Next() }),
            FuseOpcode.Forget => Bytes((ulong)random.Next(3)),
            FuseOpcode.BatchForget =>
                [.. Bytes(new FuseBatchForgetIn { Count = (uint)random.Next(4) }), .. Bytes(new FuseForgetOne { Node = (ulong)random.Next(40), Lookups = 1 })],
            FuseOpcode.SetAttr => [.. Bytes(new FuseSetAttrIn { Valid = (uint)random.Next(64) }), .. new byte[80]],
            FuseOpcode.Open or FuseOpcode.OpenDir => Bytes(new FuseOpenIn { Flags = (uint)random.Next(3) }),
            FuseOpcode.Read or FuseOpcode.ReadDir => Bytes(io),
            FuseOpcode.Write => Write(random, io),
            FuseOpcode.Release or FuseOpcode.ReleaseDir => Bytes(new FuseReleaseIn { Handle = io.Handle }),
            _ => Mutator.Bytes(random, 64),
        };
        return Made(opcode, node, body);
    }

    private byte[] Made(FuseOpcode opcode, ulong node, byte[] body) => WithLength(
        [.. Bytes(new FuseInHeader { Opcode = opcode, Unique = unique += 2, Node = node, Uid = 0, Pid = 1 }), .. body]);

    private static byte[] Write(Random random, FuseIoIn io)
    {
        byte[] data = Mutator.Bytes(random, 300);
        io.Count = random.Next(4) == 0 ? io.Count : (uint)data.Length;
        return [.. Bytes(io), .. data];
    }

    private static byte[] Name(Random random) =>
        random.Next(5) == 0 ? Mutator.Bytes(random, 400) : [.. System.Text.Encoding.UTF8.GetBytes(Names[random.Next(Names.Length)]), 0];

    private static byte[] Damage(Random random, byte[] request)
    {
        byte[] damaged = Mutator.Mutate(random, request);
        return random.Next(2) == 0 ? WithLength(damaged) : damaged;
    }

    /// <summary>The request with a header that tells its true length, if it has a header.</summary>
    private static byte[] WithLength(byte[] request)
    {
        if (request.Length >= sizeof(uint))
            MemoryMarshal.Write(request, (uint)request.Length);
        return request;
    }

    private static byte[] Bytes<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
