using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.TestKit.Nfs4.Nfs4ConfirmedClient;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>Seqids of minor version 0, from the wire (RFC 7530 §9.1.7).</summary>
public sealed class MinorVersion0Tests : Nfs4TestBase
{
    private Nfs4ConfirmedClient client = null!;

    [SetUp]
    public void SetClientId() => client = new Nfs4ConfirmedClient(Server.Channel, "client");

    private CompoundBuilder Open(uint seqid) => client.Compound().PutFh(Root)
        .Open("owner", "f", mode: createmode4.UNCHECKED4, seqid: seqid, clientId: client.ClientId).Add(OP_GETFH);

    private CompoundBuilder File() => client.Compound().PutFh(Root).Lookup("f");

    [Test]
    public void A_repeated_open_is_answered_as_before_and_leads_to_the_same_file()
    {
        var first = client.Send(Open(1));
        var again = client.Send(Open(1));
        Assert.That(again.Body, Is.EqualTo(first.Body));
    }

    [Test]
    public void A_seqid_that_is_out_of_turn_is_refused()
    {
        var stateId = OpenedIn(client.Send(Open(1)));
        Assert.That(client.Try(File().Add(OP_OPEN_CONFIRM, Confirm(stateId, 5))).Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_SEQID));
        Assert.That(client.Try(File().Add(OP_OPEN_CONFIRM, Confirm(stateId, 2))).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void The_last_seqid_under_another_operation_is_no_repetition()
    {
        var stateId = OpenedIn(client.Send(Open(1)));
        client.Send(File().Add(OP_OPEN_CONFIRM, Confirm(stateId, 2)));
        var other = client.Try(File().Add(OP_CLOSE, (ref XdrWriter w) =>
        {
            w.U32(2);
            stateId.Write(w.Take(StateId.Size));
        }));
        Assert.That(other.Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_SEQID));
    }
}
