using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>Seqids of minor version 0, from the wire (RFC 7530 §9.1.7).</summary>
public sealed class MinorVersion0Tests : Nfs4TestBase
{
    private ulong clientId;

    [SetUp]
    public void SetClientId()
    {
        var reader = Send(new CompoundBuilder(0).Add(OP_SETCLIENTID, (ref XdrWriter w) =>
        {
            w.U64(1);
            w.Opaque("client"u8);
            w.U32(0);
            w.Opaque("tcp"u8);
            w.Opaque("0.0.0.0.0.0"u8);
            w.U32(0);
        })).Reader;
        reader.Fixed(8);
        clientId = reader.U64();
        ulong verifier = reader.U64();
        Send(new CompoundBuilder(0).Add(OP_SETCLIENTID_CONFIRM, (ref XdrWriter w) =>
        {
            w.U64(clientId);
            w.U64(verifier);
        }));
    }

    private CompoundResult Send(CompoundBuilder compound)
    {
        var result = compound.Send(Server.Channel);
        Assert.That(result.Status, Is.EqualTo(Ok));
        return result;
    }

    private CompoundBuilder Open(uint seqid) => new CompoundBuilder(0).PutFh(Root)
        .Open("owner", "f", mode: createmode4.UNCHECKED4, seqid: seqid, clientId: clientId).Add(OP_GETFH);

    private static StateId StateIdOf(CompoundResult result)
    {
        var reader = result.Reader;
        reader.Fixed(8 + 8);
        return StateId.Read(reader.Fixed(StateId.Size));
    }

    private CompoundResult OnFile(CompoundBuilder compound) => compound.Send(Server.Channel);

    private CompoundBuilder File() => new CompoundBuilder(0).PutFh(Root).Lookup("f");

    private static OperationArguments Confirm(StateId stateId, uint seqid) => (ref XdrWriter w) =>
    {
        stateId.Write(w.Take(StateId.Size));
        w.U32(seqid);
    };

    [Test]
    public void A_repeated_open_is_answered_as_before_and_leads_to_the_same_file()
    {
        var first = Send(Open(1));
        var again = Send(Open(1));
        Assert.That(again.Body, Is.EqualTo(first.Body));
    }

    [Test]
    public void A_seqid_that_is_out_of_turn_is_refused()
    {
        var stateId = StateIdOf(Send(Open(1)));
        Assert.That(OnFile(File().Add(OP_OPEN_CONFIRM, Confirm(stateId, 5))).Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_SEQID));
        Assert.That(OnFile(File().Add(OP_OPEN_CONFIRM, Confirm(stateId, 2))).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void The_last_seqid_under_another_operation_is_no_repetition()
    {
        var stateId = StateIdOf(Send(Open(1)));
        Send(File().Add(OP_OPEN_CONFIRM, Confirm(stateId, 2)));
        var other = OnFile(File().Add(OP_CLOSE, (ref XdrWriter w) =>
        {
            w.U32(2);
            stateId.Write(w.Take(StateId.Size));
        }));
        Assert.That(other.Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_SEQID));
    }
}
