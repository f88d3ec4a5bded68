using System.Buffers.Binary;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>What every client does all the time leaves nothing for the collector.</summary>
public sealed class AllocationTests : Nfs4TestBase
{
    private const int Rounds = 200;

    private Nfs4SessionClient client = null!;

    [SetUp]
    public void Connect()
    {
        client = new Nfs4SessionClient(Server.Channel, "allocations");
        File.WriteAllBytes(Path.Combine(ExportPath, "f"), new byte[8192]);
    }

    /// <summary>Sends a compound again and again, each time under the slot's next sequence.</summary>
    private long BytesPerCall(CompoundBuilder compound)
    {
        byte[] call = compound.ToArray();
        // tag, minor version, count, OP_SEQUENCE, session.
        const int SequenceAt = 4 + 4 + 4 + 4 + SessionId.Size;
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(call.AsSpan(SequenceAt));
        long bytes = 0;
        Server.Channel.Run(() =>
        {
            for (int i = 0; i < 2 * Rounds; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                var status = Server.Channel.Execute(NFS4_PROGRAM.Number, 4, 1, call, out int length);
                long spent = GC.GetAllocatedBytesForCurrentThread() - before;
                if (status != AcceptStatus.Success || new XdrReader(Server.Channel.LastReply(length)).U32() != 0)
                    throw new InvalidOperationException($"round {i}: {status}, {(nfsstat4)new XdrReader(Server.Channel.LastReply(length)).U32()}");
                BinaryPrimitives.WriteUInt32BigEndian(call.AsSpan(SequenceAt), ++sequence);
                if (i >= Rounds)
                    bytes += spent;
            }
        });
        return bytes / Rounds;
    }

    [Test]
    public void Sequence_alone() => Assert.That(BytesPerCall(client.Compound()), Is.Zero);

    [Test]
    public void Attributes_and_rights() => Assert.That(
        BytesPerCall(client.Compound().PutFh(Root).Add(OP_ACCESS, (ref XdrWriter w) => w.U32(0x1F))
            .GetAttr(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FSID, FATTR4_FILEID, FATTR4_MODE, FATTR4_NUMLINKS, FATTR4_OWNER, FATTR4_OWNER_GROUP,
                FATTR4_RAWDEV, FATTR4_SPACE_USED, FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA, FATTR4_TIME_MODIFY, FATTR4_MOUNTED_ON_FILEID)),
        Is.Zero);

    [Test]
    public void A_name_looked_up() => Assert.That(BytesPerCall(client.Compound().PutFh(Root).Lookup("f").Add(OP_GETFH)), Is.Zero);

    [Test]
    public void Data_read_and_written() => Assert.That(
        BytesPerCall(client.Compound().PutFh(Root).Lookup("f").Read(StateId.Anonymous, 0, 4096).Write(StateId.Anonymous, 0, new byte[4096])), Is.Zero);

    [Test]
    public void A_file_opened_and_closed() => Assert.That(
        BytesPerCall(client.Compound().PutFh(Root).Open("owner", "f", access: 1).Close(StateId.Current)), Is.Zero);

    [Test]
    public void A_range_locked_and_unlocked()
    {
        var opened = client.Send(client.Compound().PutFh(Root).Open("owner", "f"));
        var reader = opened.Reader;
        reader.Fixed(8 + SessionId.Size + 20 + 8 + 8);
        var open = StateId.Read(reader.Fixed(StateId.Size));
        Assert.That(
            BytesPerCall(client.Compound().PutFh(Root).Lookup("f").Lock("locker", open, 0, 10).LockU(StateId.Current, 0, 10)), Is.Zero);
    }
}
