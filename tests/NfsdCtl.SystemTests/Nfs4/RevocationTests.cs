using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Release;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>What a client sees when an administrator takes its state: it tests, frees, and goes on (RFC 8881 §8.4.2.3, §18.38).</summary>
public sealed class RevocationTests : Nfs4TestBase
{
    private const int BehindSequence = 8 + SessionId.Size + 20;

    private Nfs4SessionClient client = null!;

    [SetUp]
    public void Connect() => client = new Nfs4SessionClient(Server.Channel, "revoked", minorVersion: 2);

    private void UnlockAddress()
    {
        var effects = new EffectList();
        using var gate = Server.State.Enter(effects);
        Server.State.Releases.Release(gate, new ReleaseSelector { Server = Server.Channel.Server }, dryRun: false);
    }

    private SequenceFlags Flags()
    {
        var reader = client.Send(client.Compound()).Reader;
        reader.Fixed(BehindSequence - sizeof(uint));
        return (SequenceFlags)reader.U32();
    }

    private nfsstat4 Test(StateId stateId)
    {
        var reader = client.Send(client.Compound().Add(OP_TEST_STATEID, (ref XdrWriter w) =>
        {
            w.U32(1);
            stateId.Write(w.Take(StateId.Size));
        })).Reader;
        reader.Fixed(BehindSequence + 8 + 4);
        return (nfsstat4)reader.U32();
    }

    private nfsstat4 Free(StateId stateId) =>
        client.Try(client.Compound().Add(OP_FREE_STATEID, (ref XdrWriter w) => stateId.Write(w.Take(StateId.Size)))).Status;

    [TestCase(true)]
    [TestCase(false)]
    public void A_released_open_and_its_lock_are_tested_and_freed_in_any_order(bool lockFirst)
    {
        var opened = client.Send(client.Compound().PutFh(Root).Open("o", "f", mode: createmode4.UNCHECKED4));
        var reader = opened.Reader;
        reader.Fixed(BehindSequence + 8 + 8);
        var open = StateId.Read(reader.Fixed(StateId.Size));
        var locked = client.Send(client.Compound().PutFh(Root).Lookup("f").Lock("l", open, 0, 10));
        reader = locked.Reader;
        reader.Fixed(BehindSequence + 8 + 8 + 8);
        var held = StateId.Read(reader.Fixed(StateId.Size));
        Assert.That(Flags(), Is.EqualTo(SequenceFlags.None));
        UnlockAddress();
        Assert.That(Flags(), Is.EqualTo(SequenceFlags.AdminStateRevoked));
        foreach (var stateId in lockFirst ? new[] { held, open } : [open, held])
        {
            Assert.That(Test(stateId), Is.EqualTo(nfsstat4.NFS4ERR_ADMIN_REVOKED));
            Assert.That(Free(stateId), Is.EqualTo(Ok));
            Assert.That(Test(stateId), Is.EqualTo(nfsstat4.NFS4ERR_BAD_STATEID));
        }
        Assert.That(Flags(), Is.EqualTo(SequenceFlags.None));
        client.Send(client.Compound().PutFh(Root).Open("o", "f").Close(StateId.Current));
    }
}
