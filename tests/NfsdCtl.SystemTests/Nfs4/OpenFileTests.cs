using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>OPEN and what follows it, as real files show it.</summary>
public sealed class OpenFileTests : Nfs4TestBase
{
    private Nfs4SessionClient client = null!;

    [SetUp]
    public void Connect() => client = new Nfs4SessionClient(Server.Channel, "opens");

    /// <summary>Opens a file, made when it is not there: its handle and stateid.</summary>
    private (byte[] Handle, StateId Open) OpenFile(string name, createmode4? mode = createmode4.UNCHECKED4)
    {
        var result = client.Send(client.Compound().PutFh(Root).Open("owner", name, mode: mode).Add(OP_GETFH));
        var reader = Behind(result, OP_OPEN);
        var stateId = StateId.Read(reader.Fixed(StateId.Size));
        int handleAt = result.Body.Length - 4;
        // GETFH is the last result: a length and a handle whose length it is.
        for (int at = handleAt; at > 0; at -= 4)
        {
            if (System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(result.Body.AsSpan(at)) == (uint)(result.Body.Length - at - 4)
                && System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(result.Body.AsSpan(at - 8)) == (uint)OP_GETFH)
                return (result.Body[(at + 4)..], stateId);
        }
        throw new InvalidDataException("GETFH's result is not there");
    }

    /// <summary>A reader behind the status of the third result, after SEQUENCE and PUTFH.</summary>
    private static XdrReader Behind(CompoundResult result, nfs_opnum4 expected)
    {
        var reader = result.Reader;
        reader.Fixed(8 + SessionId.Size + 20);
        reader.Fixed(8);
        Assert.That((reader.U32(), reader.U32()), Is.EqualTo(((uint)expected, 0u)));
        return reader;
    }

    private nfsstat4 Read(byte[] handle, StateId stateId, out byte[] data)
    {
        var result = client.Try(client.Compound().PutFh(handle).Read(stateId, 0, 100));
        data = [];
        if (result.Status != Ok)
            return result.Status;
        var reader = Behind(result, OP_READ);
        reader.Bool();
        data = reader.Opaque(1000).ToArray();
        return Ok;
    }

    [Test]
    public void An_open_that_would_make_a_file_says_what_else_is_there()
    {
        Directory.CreateDirectory(Path.Combine(ExportPath, "directory"));
        File.CreateSymbolicLink(Path.Combine(ExportPath, "link"), "directory");
        nfsstat4 Try(string name, createmode4 mode) => client.Try(client.Compound().PutFh(Root).Open("o", name, mode: mode)).Status;
        Assert.That(Try("directory", createmode4.UNCHECKED4), Is.EqualTo(nfsstat4.NFS4ERR_ISDIR));
        Assert.That(Try("link", createmode4.UNCHECKED4), Is.EqualTo(nfsstat4.NFS4ERR_SYMLINK));
        Assert.That(Try("directory", createmode4.GUARDED4), Is.EqualTo(nfsstat4.NFS4ERR_EXIST));
        Assert.That(Try("link", createmode4.EXCLUSIVE4_1), Is.EqualTo(nfsstat4.NFS4ERR_EXIST));
    }

    [Test]
    public void A_file_is_made_written_and_closed_under_the_current_stateid_in_one_compound()
    {
        byte[] data = "what was written"u8.ToArray();
        client.Send(client.Compound().PutFh(Root).Open("o", "one", mode: createmode4.GUARDED4).Write(StateId.Current, 0, data).Close(StateId.Current));
        Assert.That(File.ReadAllBytes(Path.Combine(ExportPath, "one")), Is.EqualTo(data));
        var again = client.Try(client.Compound().PutFh(Root).Open("o", "one", mode: createmode4.GUARDED4));
        Assert.That(again.Status, Is.EqualTo(nfsstat4.NFS4ERR_EXIST));
    }

    [Test]
    public void An_open_file_outlives_its_last_name_until_it_is_closed()
    {
        var (handle, open) = OpenFile("gone");
        client.Send(client.Compound().PutFh(handle).Write(open, 0, "kept"u8.ToArray()));
        client.Send(client.Compound().PutFh(Root).Remove("gone"));
        Assert.That(Read(handle, open, out byte[] data), Is.EqualTo(Ok));
        Assert.That(data, Is.EqualTo("kept"u8.ToArray()));
        client.Send(client.Compound().PutFh(handle).Close(open));
        Assert.That(client.Try(client.Compound().PutFh(handle)).Status, Is.EqualTo(nfsstat4.NFS4ERR_STALE));
    }

    [Test]
    public void A_file_without_a_name_that_nobody_opened_is_stale_at_once()
    {
        var (handle, open) = OpenFile("short");
        client.Send(client.Compound().PutFh(handle).Close(open));
        client.Send(client.Compound().PutFh(Root).Remove("short"));
        Assert.That(client.Try(client.Compound().PutFh(handle)).Status, Is.EqualTo(nfsstat4.NFS4ERR_STALE));
    }

    [TestCase(createmode4.EXCLUSIVE4)]
    [TestCase(createmode4.EXCLUSIVE4_1)]
    public void A_verifier_tells_a_repeated_creation_from_another(createmode4 mode)
    {
        client.Send(client.Compound().PutFh(Root).Open("o", "x", mode: mode, verifier: 0x0102030405060708));
        client.Send(client.Compound().PutFh(Root).Open("o", "x", mode: mode, verifier: 0x0102030405060708));
        var other = client.Try(client.Compound().PutFh(Root).Open("o", "x", mode: mode, verifier: 0x1112131415161718));
        Assert.That(other.Status, Is.EqualTo(nfsstat4.NFS4ERR_EXIST));
    }

    [Test]
    public void Exclusive_creation_with_attributes_sets_them_at_once()
    {
        client.Send(client.Compound().PutFh(Root).Open("o", "x", mode: createmode4.EXCLUSIVE4_1, verifier: 5));
        Assert.That(File.GetUnixFileMode(Path.Combine(ExportPath, "x")), Is.EqualTo((UnixFileMode)0x1A4));
    }

    [Test]
    public void What_somebody_denies_is_neither_opened_nor_cut()
    {
        File.WriteAllText(Path.Combine(ExportPath, "held"), "content");
        client.Send(client.Compound().PutFh(Root).Open("o", "held", access: 1, deny: 2));
        var other = new Nfs4SessionClient(Server.Channel, "another");
        var refused = other.Try(other.Compound().PutFh(Root).Open("p", "held", access: 2, mode: createmode4.UNCHECKED4));
        Assert.That(refused.Status, Is.EqualTo(nfsstat4.NFS4ERR_SHARE_DENIED));
        Assert.That(File.ReadAllText(Path.Combine(ExportPath, "held")), Is.EqualTo("content"));
    }

    [TestCase("dir", nfsstat4.NFS4ERR_ISDIR)]
    [TestCase("link", nfsstat4.NFS4ERR_SYMLINK)]
    [TestCase("nothing", nfsstat4.NFS4ERR_NOENT)]
    [TestCase("", nfsstat4.NFS4ERR_INVAL)]
    [TestCase(".", nfsstat4.NFS4ERR_BADNAME)]
    [TestCase("..", nfsstat4.NFS4ERR_BADNAME)]
    [TestCase("a/b", nfsstat4.NFS4ERR_BADNAME)]
    public void What_is_no_file_is_not_opened(string name, nfsstat4 expected)
    {
        Directory.CreateDirectory(Path.Combine(ExportPath, "dir"));
        File.CreateSymbolicLink(Path.Combine(ExportPath, "link"), "dir");
        Assert.That(client.Try(client.Compound().PutFh(Root).Open("o", name)).Status, Is.EqualTo(expected));
    }
}
