using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using NfsdCtl.Fuse;
using NfsdCtl.Linux;
using static NfsdCtl.Tests.Fuse.RequestBuilder;

namespace NfsdCtl.Tests.Fuse;

/// <summary>Requests as vectors, answered without a mount.</summary>
public sealed class FuseDispatcherTests
{
    private readonly byte[] reply = new byte[FuseDispatcher.ReplyBuffer];
    private FakeFileSystem files = new();
    private List<Exception> bugs = [];
    private FuseDispatcher dispatcher = null!;

    [SetUp]
    public void MakeDispatcher()
    {
        files = new FakeFileSystem();
        bugs = [];
        dispatcher = new FuseDispatcher(files, bugs.Add);
    }

    private byte[] Answer(byte[] request) => reply[..dispatcher.Process(request, reply)];

    private byte[] Answer(FuseOpcode opcode, ulong node, params byte[][] body) => Answer(Request(opcode, node, body));

    private ulong Lookup(ulong parent, string name) => Body<FuseEntryOut>(Answer(FuseOpcode.Lookup, parent, Name(name))).Node;

    private ulong OpenFile() => Body<FuseOpenOut>(Answer(FuseOpcode.Open, Lookup(1, "file"), Bytes(new FuseOpenIn { Flags = 2 }))).Handle;

    [TestCase(7u, 38u, 38u)]
    [TestCase(7u, 44u, 38u)]
    [TestCase(7u, 31u, 31u)]
    [TestCase(8u, 0u, 38u, Description = "the kernel comes again with ours")]
    public void Init_negotiates(uint major, uint minor, uint answered)
    {
        byte[] answer = Answer(FuseOpcode.Init, 0, Bytes(new FuseInitIn { Major = major, Minor = minor, MaxReadahead = 131072, Flags = uint.MaxValue }), new byte[48]);
        Assert.That(answer, Has.Length.EqualTo(16 + 64));
        Assert.That(Error(answer), Is.Zero);
        var init = Body<FuseInitOut>(answer);
        Assert.That((init.Major, init.Minor), Is.EqualTo((7u, answered)));
        if (major == 7)
        {
            Assert.That(init.Flags, Is.EqualTo(FuseConstants.ATOMIC_O_TRUNC | FuseConstants.BIG_WRITES | FuseConstants.PARALLEL_DIROPS));
            Assert.That(init.MaxWrite, Is.EqualTo(FuseDispatcher.MaxWrite));
        }
    }

    [Test]
    public void Init_takes_only_what_is_offered()
    {
        var init = Body<FuseInitOut>(Answer(FuseOpcode.Init, 0, Bytes(new FuseInitIn { Major = 7, Minor = 38, Flags = FuseConstants.BIG_WRITES })));
        Assert.That(init.Flags, Is.EqualTo(FuseConstants.BIG_WRITES));
    }

    [TestCase(6u, 0u)]
    [TestCase(7u, 22u)]
    public void Init_refuses_ancient_kernels(uint major, uint minor) =>
        Assert.That(Error(Answer(FuseOpcode.Init, 0, Bytes(new FuseInitIn { Major = major, Minor = minor }))), Is.EqualTo(-Errno.EPROTO));

    /// <summary>The bytes of one answer, so that a slip in a structure shows.</summary>
    [Test]
    public void Lookup_answers_an_entry_that_is_never_cached()
    {
        byte[] answer = Answer(FuseOpcode.Lookup, 1, Name("file"));
        Assert.That(Convert.ToHexStringLower(answer), Is.EqualTo(
            "90000000" + "00000000" + "4d00000000000000" // length 144, no error, unique 77
            + "0200000000000000" + "0000000000000000" // node 2, generation 0
            + "0000000000000000" + "0000000000000000" + "00000000" + "00000000" // validities
            + "6900000000000000" + "0000000000000000" + "0000000000000000" // ino 105, size, blocks
            + "00f1536500000000" + "00f1536500000000" + "00f1536500000000" // times
            + "80b2e60e" + "80b2e60e" + "80b2e60e" // nanoseconds
            + "80810000" + "01000000" + "01000000" + "02000000" + "00000000" + "00100000" + "00000000")); // mode, links, uid, gid, rdev, blksize, flags
    }

    [Test]
    public void A_file_gets_a_fresh_node_per_lookup_and_a_directory_keeps_its_own()
    {
        ulong first = Lookup(1, "file");
        Assert.That(Lookup(1, "file"), Is.Not.EqualTo(first));
        ulong directory = Lookup(1, "dir");
        Assert.That(Lookup(1, "dir"), Is.EqualTo(directory));
        Assert.That(Body<FuseEntryOut>(Answer(FuseOpcode.Lookup, directory, Name("file"))).Attributes.Ino, Is.EqualTo(109));
    }

    [TestCase("missing", -Errno.ENOENT)]
    [TestCase("", -Errno.EINVAL)]
    public void Lookup_fails(string name, int error) => Assert.That(Error(Answer(FuseOpcode.Lookup, 1, Name(name))), Is.EqualTo(error));

    [Test]
    public void Lookup_bounds_names_and_nodes()
    {
        Assert.That(Error(Answer(FuseOpcode.Lookup, 1, Name(new string('n', 256)))), Is.EqualTo(-Errno.ENAMETOOLONG));
        Assert.That(Error(Answer(FuseOpcode.Lookup, 1, "file"u8.ToArray())), Is.EqualTo(-Errno.EINVAL), "no NUL");
        Assert.That(Error(Answer(FuseOpcode.Lookup, 999, Name("file"))), Is.EqualTo(-Errno.ESTALE));
    }

    [Test]
    public void Nodes_go_when_the_kernel_forgets_them()
    {
        ulong directory = Lookup(1, "dir");
        Lookup(1, "dir");
        ulong file = Lookup(1, "file");
        Assert.That(dispatcher.Counts.Nodes, Is.EqualTo(3));
        Assert.That(Answer(FuseOpcode.Forget, directory, Bytes(1ul)), Is.Empty, "FORGET has no answer");
        Assert.That(dispatcher.Counts.Nodes, Is.EqualTo(3));
        byte[] batch = [.. Bytes(new FuseBatchForgetIn { Count = 3 }), .. Bytes(new FuseForgetOne { Node = directory, Lookups = 1 }), .. Bytes(new FuseForgetOne { Node = file, Lookups = 9 }), .. Bytes(new FuseForgetOne { Node = 1, Lookups = 9 })];
        Assert.That(Answer(FuseOpcode.BatchForget, 0, batch), Is.Empty);
        Assert.That(dispatcher.Counts.Nodes, Is.EqualTo(1), "the root stays");
        Assert.That(Error(Answer(FuseOpcode.GetAttr, file, new byte[16])), Is.EqualTo(-Errno.ESTALE));
        Assert.That(Lookup(1, "dir"), Is.Not.EqualTo(directory), "numbers are not used again");
    }

    [Test]
    public void A_batch_that_claims_more_than_it_holds_is_harmless()
    {
        Lookup(1, "file");
        Assert.That(Answer(FuseOpcode.BatchForget, 0, Bytes(new FuseBatchForgetIn { Count = uint.MaxValue }), Bytes(new FuseForgetOne { Node = 2, Lookups = 1 })), Is.Empty);
        Assert.That(dispatcher.Counts.Nodes, Is.EqualTo(1));
    }

    [Test]
    public void A_file_is_opened_read_written_and_released()
    {
        byte[] opened = Answer(FuseOpcode.Open, Lookup(1, "file"), Bytes(new FuseOpenIn { Flags = 2 }));
        var open = Body<FuseOpenOut>(opened);
        Assert.That(open.OpenFlags, Is.EqualTo(FuseConstants.FOPEN_DIRECT_IO));
        byte[] read = Answer(FuseOpcode.Read, 2, Bytes(new FuseIoIn { Handle = open.Handle, Offset = 5, Count = 4096 }));
        Assert.That(Encoding.ASCII.GetString(read.AsSpan(16)), Is.EqualTo("abc"));
        byte[] written = Answer(FuseOpcode.Write, 2, Bytes(new FuseIoIn { Handle = open.Handle, Offset = 1, Count = 3 }), "xyz!"u8.ToArray());
        Assert.That(Body<FuseWriteOut>(written).Count, Is.EqualTo(3));
        Assert.That(Error(Answer(FuseOpcode.Release, 2, Bytes(new FuseReleaseIn { Handle = open.Handle }))), Is.Zero);
        Assert.That(files.Calls, Is.EqualTo(new[] { "open /file flags=2 pid=4711 uid=1000 gid=100", "read 5 4096 state", "write 1 xyz", "release /file" }));
        Assert.That(dispatcher.Counts.Files, Is.Zero);
        Assert.That(Error(Answer(FuseOpcode.Read, 2, Bytes(new FuseIoIn { Handle = open.Handle, Count = 1 }))), Is.EqualTo(-Errno.EBADF));
        Assert.That(Error(Answer(FuseOpcode.Release, 2, Bytes(new FuseReleaseIn { Handle = open.Handle }))), Is.Zero, "once more is harmless");
        Assert.That(files.Calls, Has.Count.EqualTo(4));
    }

    [Test]
    public void Counts_are_bounded_by_what_there_is()
    {
        ulong handle = OpenFile();
        Assert.That(Error(Answer(FuseOpcode.Write, 2, Bytes(new FuseIoIn { Handle = handle, Count = 4 }), "xyz"u8.ToArray())), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Error(Answer(FuseOpcode.Write, 2, Bytes(new FuseIoIn { Handle = handle, Count = uint.MaxValue }), "xyz"u8.ToArray())), Is.EqualTo(-Errno.EINVAL));
        Answer(FuseOpcode.Read, 2, Bytes(new FuseIoIn { Handle = handle, Count = uint.MaxValue }));
        Assert.That(files.Calls[^1], Is.EqualTo($"read 0 {FuseDispatcher.MaxRead} state"));
    }

    [Test]
    public void A_directory_is_read_in_pages_of_any_size()
    {
        foreach (uint page in new uint[] { 40, 100, 4096, uint.MaxValue })
        {
            ulong handle = Body<FuseOpenOut>(Answer(FuseOpcode.OpenDir, 1, new byte[8])).Handle;
            var names = new List<string>();
            ulong offset = 0;
            while (true)
            {
                byte[] answer = Answer(FuseOpcode.ReadDir, 1, Bytes(new FuseIoIn { Handle = handle, Offset = offset, Count = page }));
                Assert.That(answer.Length - 16, Is.LessThanOrEqualTo(page));
                var rest = answer.AsSpan(16);
                if (rest.IsEmpty)
                    break;
                while (!rest.IsEmpty)
                {
                    var entry = MemoryMarshal.Read<FuseDirent>(rest);
                    names.Add(Encoding.UTF8.GetString(rest.Slice(24, (int)entry.NameLength)));
                    offset = entry.Offset;
                    rest = rest[((24 + (int)entry.NameLength + 7) & ~7)..];
                }
            }
            Assert.That(names, Is.EqualTo(new[] { ".", ".." }.Concat(Enumerable.Range(0, 100).Select(i => $"entry{i}ü"))), $"page {page}");
            Answer(FuseOpcode.ReleaseDir, 1, Bytes(new FuseReleaseIn { Handle = handle }));
        }
        Assert.That(dispatcher.Counts.Directories, Is.Zero);
    }

    [Test]
    public void Truncation_and_times_are_accepted_modes_and_owners_are_not()
    {
        ulong node = Lookup(1, "file");
        Assert.That(Error(Answer(FuseOpcode.SetAttr, node, Bytes(new FuseSetAttrIn { Valid = 1 << 3 }), new byte[80])), Is.Zero);
        Assert.That(Error(Answer(FuseOpcode.SetAttr, node, Bytes(new FuseSetAttrIn { Valid = 1 << 5 }), new byte[80])), Is.Zero);
        foreach (uint bit in new uint[] { 1, 2, 4, 8 | 1 })
            Assert.That(Error(Answer(FuseOpcode.SetAttr, node, Bytes(new FuseSetAttrIn { Valid = bit }), new byte[80])), Is.EqualTo(-Errno.EPERM));
    }

    [Test]
    public void Links_and_the_filesystem_answer()
    {
        byte[] answer = Answer(FuseOpcode.ReadLink, Lookup(1, "link"));
        Assert.That(Encoding.ASCII.GetString(answer.AsSpan(16)), Is.EqualTo("target"));
        Assert.That(Error(Answer(FuseOpcode.ReadLink, 1)), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Answer(FuseOpcode.StatFs, 1), Has.Length.EqualTo(16 + 80));
    }

    [TestCase(FuseOpcode.Create, Errno.EACCES)]
    [TestCase(FuseOpcode.MkNod, Errno.EACCES)]
    [TestCase(FuseOpcode.MkDir, Errno.EPERM)]
    [TestCase(FuseOpcode.Unlink, Errno.EPERM)]
    [TestCase(FuseOpcode.RmDir, Errno.EPERM)]
    [TestCase(FuseOpcode.Rename, Errno.EPERM)]
    [TestCase(FuseOpcode.Rename2, Errno.EPERM)]
    [TestCase(FuseOpcode.Link, Errno.EPERM)]
    [TestCase(FuseOpcode.SymLink, Errno.EPERM)]
    [TestCase((FuseOpcode)25, Errno.ENOSYS, Description = "FLUSH")]
    [TestCase((FuseOpcode)40, Errno.ENOSYS, Description = "POLL: always ready")]
    [TestCase((FuseOpcode)9999, Errno.ENOSYS)]
    [TestCase((FuseOpcode)0, Errno.ENOSYS)]
    public void The_tree_is_fixed_and_the_unknown_is_named_so(FuseOpcode opcode, int errno) =>
        Assert.That(Error(Answer(opcode, 1, new byte[64])), Is.EqualTo(-errno));

    [Test]
    public void Interrupt_has_no_answer_and_names_its_target()
    {
        byte[] request = Request(FuseOpcode.Interrupt, 0, Bytes(0x1234ul));
        Assert.That(Answer(request), Is.Empty);
        Assert.That(FuseDispatcher.TryReadInterrupt(request, out ulong unique) && unique == 0x1234);
        Assert.That(FuseDispatcher.TryReadInterrupt(request.AsSpan(0, 47), out _), Is.False);
    }

    [Test]
    public void A_bug_is_EIO_and_reported()
    {
        Assert.That(Error(Answer(FuseOpcode.Lookup, 1, Name("throws"))), Is.EqualTo(-Errno.EIO));
        Assert.That(bugs.Single().Message, Is.EqualTo("planted"));
    }

    [Test]
    public void What_the_kernel_no_longer_wanted_is_taken_back()
    {
        byte[] lookup = Answer(FuseOpcode.Lookup, 1, Name("file"));
        dispatcher.Withdraw(FuseOpcode.Lookup, lookup);
        Assert.That(dispatcher.Counts.Nodes, Is.EqualTo(1));
        byte[] open = Answer(FuseOpcode.Open, Lookup(1, "file"), Bytes(new FuseOpenIn()));
        dispatcher.Withdraw(FuseOpcode.Open, open);
        Assert.That(dispatcher.Counts.Files, Is.Zero);
        Assert.That(files.Calls[^1], Is.EqualTo("release /file"));
        dispatcher.Withdraw(FuseOpcode.Open, Answer(FuseOpcode.Open, 999, Bytes(new FuseOpenIn())));
    }

    /// <summary>Every request cut at every byte, with an honest and with the old length: an error or silence, never a crash.</summary>
    [Test]
    public void Cut_requests_get_an_error_or_silence()
    {
        ulong handle = OpenFile();
        byte[][] requests =
        [
            Request(FuseOpcode.Init, 0, Bytes(new FuseInitIn { Major = 7, Minor = 38 })),
            Request(FuseOpcode.Lookup, 1, Name("file")),
            Request(FuseOpcode.SetAttr, 1, Bytes(new FuseSetAttrIn())),
            Request(FuseOpcode.Open, 2, Bytes(new FuseOpenIn())),
            Request(FuseOpcode.Read, 2, Bytes(new FuseIoIn { Handle = handle, Count = 9 })),
            Request(FuseOpcode.Write, 2, Bytes(new FuseIoIn { Handle = handle, Count = 3 }), "abc"u8.ToArray()),
            Request(FuseOpcode.ReadDir, 1, Bytes(new FuseIoIn { Handle = 1, Count = 9 })),
            Request(FuseOpcode.Release, 2, Bytes(new FuseReleaseIn { Handle = 99 })),
            Request(FuseOpcode.ReleaseDir, 2, Bytes(new FuseReleaseIn { Handle = 99 })),
        ];
        foreach (byte[] request in requests)
        {
            for (int length = 0; length < request.Length; length++)
            {
                byte[] cut = request[..length];
                Assert.That(Answer(cut), Is.Empty, "the length in the header is not that of the request");
                if (length < FuseInHeader.Size)
                    continue;
                MemoryMarshal.Write(cut, (uint)length);
                Assert.That(Error(Answer(cut)), Is.Negative, $"{MemoryMarshal.Read<FuseInHeader>(cut).Opcode} cut to {length}");
            }
        }
        Assert.That(bugs, Is.Empty);
    }

    [Test]
    public void Random_requests_never_crash() =>
        Gen.Select(Gen.UInt[0, 52], Gen.ULong[0, 4], Gen.Byte.Array[0, 200]).Sample((opcode, node, body) =>
        {
            int length = dispatcher.Process(Request((FuseOpcode)opcode, node, body), new byte[FuseDispatcher.ReplyBuffer]);
            return length == 0 || length >= FuseOutHeader.Size;
        }, iter: 3000, threads: 1);
}
