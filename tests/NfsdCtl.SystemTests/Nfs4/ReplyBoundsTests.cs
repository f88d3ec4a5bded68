using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>What a session agreed on, and what is sent again when a request comes again.</summary>
public sealed class ReplyBoundsTests : Nfs4TestBase
{
    private const uint Small = 512;

    [Test]
    public void An_answer_that_would_be_too_long_is_refused()
    {
        File.WriteAllBytes(Path.Combine(ExportPath, "f"), new byte[4096]);
        var client = new Nfs4SessionClient(Server.Channel, "small", wishes: new SessionWishes { MaxResponse = Small });
        var result = client.Try(client.Compound().PutFh(Root).Lookup("f").Read(StateId.Anonymous, 0, 4096));
        Assert.That((result.Status, result.Count), Is.EqualTo((nfsstat4.NFS4ERR_REP_TOO_BIG, 4u)));
        var fits = client.Try(client.Compound().PutFh(Root).Lookup("f").Read(StateId.Anonymous, 0, 256));
        Assert.That(fits.Status, Is.EqualTo(Ok));
    }

    [Test]
    public void An_answer_that_would_be_too_long_to_keep_is_refused()
    {
        File.WriteAllBytes(Path.Combine(ExportPath, "f"), new byte[4096]);
        var client = new Nfs4SessionClient(Server.Channel, "keeps", wishes: new SessionWishes { MaxCachedResponse = Small });
        var result = client.Try(client.Compound(cacheThis: true).PutFh(Root).Lookup("f").Read(StateId.Anonymous, 0, 4096));
        Assert.That(result.Status, Is.EqualTo(nfsstat4.NFS4ERR_REP_TOO_BIG_TO_CACHE));
        Assert.That(client.Try(client.Compound().PutFh(Root).Lookup("f").Read(StateId.Anonymous, 0, 4096)).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void A_request_that_is_too_long_leaves_the_slot_as_it_was()
    {
        var client = new Nfs4SessionClient(Server.Channel, "long", wishes: new SessionWishes { MaxRequest = Small });
        uint sequence = client.Sequence;
        var refused = client.Try(client.At(sequence).PutFh(Root).Write(StateId.Anonymous, 0, new byte[Small]));
        Assert.That((refused.Status, refused.Count), Is.EqualTo((nfsstat4.NFS4ERR_REQ_TOO_BIG, 1u)));
        Assert.That(client.Try(client.At(sequence).PutFh(Root)).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void More_operations_than_agreed_leave_the_slot_as_it_was()
    {
        var client = new Nfs4SessionClient(Server.Channel, "many", wishes: new SessionWishes { MaxOperations = 4 });
        uint sequence = client.Sequence;
        var refused = client.Try(client.At(sequence).PutFh(Root).PutFh(Root).PutFh(Root).PutFh(Root));
        Assert.That((refused.Status, refused.Count), Is.EqualTo((nfsstat4.NFS4ERR_TOO_MANY_OPS, 1u)));
        Assert.That(client.Try(client.At(sequence).PutFh(Root).PutFh(Root).PutFh(Root)).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void A_request_whose_answer_was_not_kept_is_not_executed_again()
    {
        var client = new Nfs4SessionClient(Server.Channel, "uncached");
        byte[] call = client.Compound().PutFh(Root).Open("o", "once", mode: createmode4.GUARDED4).ToArray();
        Assert.That(CompoundResult.Of(Server.Channel, call).Status, Is.EqualTo(Ok));
        var again = CompoundResult.Of(Server.Channel, call);
        Assert.That((again.Status, again.Count), Is.EqualTo((nfsstat4.NFS4ERR_RETRY_UNCACHED_REP, 2u)));
    }

    [Test]
    public void Minor_version_0_remembers_by_the_calls_xid()
    {
        IRpcChannel channel = Server.Channel;
        byte[] call = new CompoundBuilder(0).PutFh(Root).Add(OP_CREATE, (ref XdrWriter w) =>
        {
            w.U32((uint)nfs_ftype4.NF4DIR);
            w.Opaque("dir"u8);
            w.U32(0);
            w.U32(0);
        }).ToArray();
        uint xid = channel.Xid;
        var first = CompoundResult.Of(channel, call);
        channel.Xid = xid;
        var replayed = CompoundResult.Of(channel, call);
        Assert.That(first.Status, Is.EqualTo(Ok));
        Assert.That((replayed.Status, replayed.Count), Is.EqualTo((first.Status, first.Count)));
        Assert.That(replayed.Body, Is.EqualTo(first.Body));
        Assert.That(CompoundResult.Of(channel, call).Status, Is.EqualTo(nfsstat4.NFS4ERR_EXIST), "another xid is another call");
    }
}
