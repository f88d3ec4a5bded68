using System.Buffers.Binary;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>
/// A program against whole calls, valid and not: the answer is one that RFC 5531 defines, no exception comes out, memory stays
/// bounded, and afterwards the program answers as before.
/// </summary>
public abstract class ProgramFuzz
{
    /// <summary>More than any reply or argument, far less than a length in a message can claim.</summary>
    private const long MostAllocated = 4L << 20;

    private readonly Stack<IDisposable> owned = new();
    private ImpersonationThread thread = null!;
    private RecordMaker maker = null!;
    private FrameCall frame = null!;
    private readonly SortedSet<uint> accepted = [];

    /// <summary>The programs, the description of the one under test and handles that it knows.</summary>
    protected abstract (RpcProgram[] Programs, string Description, IReadOnlyList<byte[]> Handles) Make();

    [OneTimeSetUp]
    public void Start()
    {
        if (Environment.UserName != "root")
            Assert.Ignore("needs root: mounts a filesystem and changes user ids");
        var (programs, description, handles) = Make();
        maker = new RecordMaker(description, handles);
        frame = new FrameCall(programs);
        thread = new ImpersonationThread();
    }

    [OneTimeTearDown]
    public void Stop()
    {
        thread?.Dispose();
        while (owned.TryPop(out var last))
            last.Dispose();
    }

    /// <summary>Disposes it, last first, when the tests are over.</summary>
    protected T Own<T>(T resource)
        where T : IDisposable
    {
        owned.Push(resource);
        return resource;
    }

    [Test]
    public void Every_procedure_cut_at_every_byte_is_answered() => thread.Run(() =>
    {
        var random = new Random(1);
        foreach (var (_, version, procedure) in maker.Procedures)
        {
            byte[] record = maker.Valid(random, version, procedure);
            for (int cut = 0; cut < record.Length; cut++)
                Check(record.AsSpan(0, cut), $"version {version} procedure {procedure} cut at {cut} of {record.Length}");
        }
    });

    [Test]
    [Category("Fuzz")]
    public void Any_call_gets_a_defined_answer() => thread.Run(() =>
    {
        accepted.Clear();
        int rounds = FuzzRun.For(Round);
        // Calls that never get past the door would find nothing: SUCCESS and each refusal of RFC 5531 §9 must occur.
        if (rounds >= 100)
            Assert.That(accepted, Is.EqualTo(new uint[] { 0, 1, 2, 3, 4 }), "accept_stat of all replies");
    });

    private void Round(Random random)
    {
        for (int i = 0; i < 8; i++)
        {
            byte[] record = random.Next(3) == 0 ? maker.Valid(random) : maker.Odd(random);
            Check(record, Convert.ToHexString(record));
        }
        BetweenRounds(random);
        AssertAlive(random);
    }

    /// <summary>What else happens to the program, for instance time.</summary>
    protected virtual void BetweenRounds(Random random)
    {
    }

    private void Check(ReadOnlySpan<byte> record, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var reply = frame.Answer(record);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (frame.Bugs.Count > 0)
        {
            var bug = frame.Bugs[0];
            frame.Bugs.Clear();
            Assert.Fail($"{what}: {bug.Message}: {bug.InnerException}");
        }
        if (allocated > MostAllocated)
            Assert.Fail($"{what}: {allocated} bytes were allocated");
        RecordMaker.AssertReply(record, reply);
        if (reply.Length >= CallFrame.AcceptedHead && reply[11] == 0)
            accepted.Add(BinaryPrimitives.ReadUInt32BigEndian(reply[20..]));
    }

    private void AssertAlive(Random random)
    {
        var (program, version, _) = maker.Procedures.First();
        var reply = frame.Answer(RecordMaker.Head(random, program, version, 0));
        Assert.That(reply.Length, Is.EqualTo(CallFrame.AcceptedHead), "NULL is answered");
        Assert.That(reply[20..].ContainsAnyExcept((byte)0), Is.False, "with success");
    }
}

/// <summary>NFSv3 over a tmpfs, with handles of the exported directory and of a file and a link in it.</summary>
public sealed class Nfs3Fuzz : ProgramFuzz
{
    protected override (RpcProgram[], string, IReadOnlyList<byte[]>) Make()
    {
        var server = Own(new Nfs3TestServer(Own(TestFileSystem.Tmpfs("size=64m,nr_inodes=20000"))));
        File.WriteAllBytes(Path.Combine(server.ExportPath, "file"), new byte[5000]);
        File.CreateSymbolicLink(Path.Combine(server.ExportPath, "link"), "/etc/passwd");
        byte[][] handles = [server.Root, server.Nfs3.Lookup(server.Root, "file").Handle, server.Nfs3.Lookup(server.Root, "link").Handle];
        return ([server.Nfs, server.Mount], "nfs3.x", handles);
    }
}

/// <summary>MOUNT beside NFS, over the same filesystem.</summary>
public sealed class MountFuzz : ProgramFuzz
{
    protected override (RpcProgram[], string, IReadOnlyList<byte[]>) Make()
    {
        var server = Own(new Nfs3TestServer(Own(TestFileSystem.Tmpfs("size=16m"))));
        return ([server.Nfs, server.Mount], "mount.x", []);
    }
}
