using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>CLONE and COPY on filesystems whose files can share blocks.</summary>
[TestFixture("xfs")]
[TestFixture("btrfs")]
[NonParallelizable]
public sealed class SharedBlockTests(string type) : SessionTestBase
{
    private const int Size = 1 << 20;
    private const int Block = 4096;

    private byte[] content = [];
    private byte[] from = [];
    private byte[] to = [];

    protected override TestFileSystem MakeFileSystem() => TestFileSystem.Of(type);

    [SetUp]
    public void MakeFiles()
    {
        content = new byte[Size];
        new Random(3).NextBytes(content);
        from = MakeFile("from");
        to = MakeFile("to");
        File.WriteAllBytes(PathOf("from"), content);
    }

    [Test]
    public void A_clone_shares_the_blocks_until_one_of_the_files_is_changed()
    {
        Assert.That(Shared("from"), Is.Empty);
        Assert.That(Clone(0, 0, 0), Is.EqualTo(Ok));
        Assert.That(File.ReadAllBytes(PathOf("to")), Is.EqualTo(content));
        Assert.That(Shared("to"), Is.EqualTo(Shared("from")).And.Not.Empty);
        using (var file = File.OpenWrite(PathOf("from")))
            file.Write(new byte[Block]);
        Assert.That(File.ReadAllBytes(PathOf("to")), Is.EqualTo(content));
    }

    [Test]
    public void A_range_is_cloned_to_another_place()
    {
        Assert.That(Clone(2 * Block, 5 * Block, 3 * Block), Is.EqualTo(Ok));
        byte[] expected = [.. new byte[5 * Block], .. content.AsSpan(2 * Block, 3 * Block)];
        Assert.That(File.ReadAllBytes(PathOf("to")), Is.EqualTo(expected));
        Assert.That(Shared("to"), Is.Not.Empty);
    }

    [TestCase(1UL, 0UL, (ulong)Block)]
    [TestCase(0UL, 512UL, (ulong)Block)]
    [TestCase(0UL, 0UL, 100UL)]
    [TestCase((ulong)Block, 0UL, (ulong)Size)]
    public void What_is_no_whole_blocks_or_beyond_the_end_is_invalid_and_changes_nothing(ulong source, ulong target, ulong count)
    {
        Assert.That(Clone(source, target, count), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
        Assert.That(new FileInfo(PathOf("to")).Length, Is.Zero);
    }

    [Test]
    public void A_range_is_not_cloned_over_itself()
    {
        Assert.That(On(from, from, OP_CLONE, Range(0, Block, 4 * Block), out _), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
        Assert.That(On(from, from, OP_CLONE, Range(0, 8 * Block, 4 * Block), out _), Is.EqualTo(Ok));
        Assert.That(File.ReadAllBytes(PathOf("from"))[(8 * Block)..(12 * Block)], Is.EqualTo(content[..(4 * Block)]));
    }

    [Test]
    public void A_copy_shares_the_blocks_as_well()
    {
        var status = On(from, to, OP_COPY, (ref XdrWriter w) =>
        {
            Range(0, 0, 0)(ref w);
            w.Bool(true);
            w.Bool(true);
            w.U32(0);
        }, out _);
        Assert.That(status, Is.EqualTo(Ok));
        Assert.That(File.ReadAllBytes(PathOf("to")), Is.EqualTo(content));
        Assert.That(Shared("to"), Is.EqualTo(Shared("from")).And.Not.Empty);
    }

    [Test]
    public void The_client_is_told_how_clones_are_to_be_aligned() =>
        Assert.That(Get(from, Nfs4Constants.FATTR4_CLONE_BLKSIZE, (ref XdrReader r) => r.U32()), Is.EqualTo(Block));

    private nfsstat4 Clone(ulong source, ulong target, ulong count) => On(from, to, OP_CLONE, Range(source, target, count), out _);

    private static OperationArguments Range(ulong source, ulong target, ulong count) => (ref XdrWriter w) =>
    {
        w.Fixed(new byte[32]);
        w.U64(source);
        w.U64(target);
        w.U64(count);
    };

    private string PathOf(string name) => Path.Combine(ExportPath, name);

    /// <summary>Where on the disk the extents are that FIEMAP says are shared.</summary>
    private List<string> Shared(string name) =>
        [.. TestFileSystem.Run("filefrag", "-s", "-v", PathOf(name)).Split('\n').Where(l => l.Contains("shared")).Select(l => l.Split(':')[2].Trim())];
}
