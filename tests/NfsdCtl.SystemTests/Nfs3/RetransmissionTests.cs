using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Rpc;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>A call that comes twice is executed once (RFC 1813 §4.3).</summary>
public class RetransmissionTests(string type) : Nfs3TestBase(type)
{
    private IRpcChannel Channel => Server.Channel;

    /// <summary>Sends the same call twice, from another port the second time, and gives both results.</summary>
    private (T First, T Second) Twice<T>(Func<T> call)
    {
        uint xid = Channel.Xid;
        var first = call();
        Channel.Xid = xid;
        Server.Channel.ClientPort++;
        return (first, call());
    }

    [Test]
    public void Calls_that_change_names_or_attributes_are_answered_as_the_first_time()
    {
        byte[] file = FileOf("f", "x"u8);
        Made(Nfs.MkDir(Dir, "d"));
        FileOf("gone", "x"u8);
        Assert.Multiple(() =>
        {
            AssertSame(Twice(() => Nfs.Create(Dir, "c", createmode3.GUARDED)), r => (r.Status, (Convert.ToHexString(r.Handle), r.Directory)));
            AssertSame(Twice(() => Nfs.MkDir(Dir, "m")), r => (r.Status, (Convert.ToHexString(r.Handle), r.Directory)));
            AssertSame(Twice(() => Nfs.SymLink(Dir, "s", "x")), r => (r.Status, (Convert.ToHexString(r.Handle), r.Directory)));
            AssertSame(Twice(() => Nfs.MkNod(Dir, "p", ftype3.NF3FIFO)), r => (r.Status, (Convert.ToHexString(r.Handle), r.Directory)));
            AssertSame(Twice(() => Nfs.Remove(Dir, "gone")), r => (r.Status, r.Wcc));
            AssertSame(Twice(() => Nfs.RmDir(Dir, "d")), r => (r.Status, r.Wcc));
            AssertSame(Twice(() => Nfs.Rename(Dir, "c", Dir, "c2")), r => (r.Status, (r.From, r.To)));
            AssertSame(Twice(() => Nfs.Link(file, Dir, "l")), r => (r.Status, (r.File, r.Directory)));
            var ctime = AttributesOf(file).ctime;
            AssertSame(Twice(() => Nfs.SetAttr(file, Nfs3Client.Set(mode: 0), ctime)), r => (r.Status, r.Wcc));
        });
        Assert.That(Server.Replies.Counts.Hits, Is.EqualTo(9));
    }

    private static void AssertSame<T, TRest>((T First, T Second) results, Func<T, (nfsstat3 Status, TRest)> part)
    {
        Assert.That(part(results.First).Status, Is.EqualTo(Ok));
        Assert.That(part(results.Second), Is.EqualTo(part(results.First)));
    }

    [Test]
    public void Another_call_with_the_same_xid_is_executed()
    {
        uint xid = Channel.Xid;
        Assert.That(Nfs.MkDir(Dir, "a").Status, Is.EqualTo(Ok));
        Channel.Xid = xid;
        Assert.That(Nfs.MkDir(Dir, "b").Status, Is.EqualTo(Ok));
        Channel.Xid = xid;
        As(Alice, () => Assert.That(Nfs.MkDir(Dir, "a").Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST), "another user's call is another call"));
        Channel.Xid = xid;
        Server.Channel.Client = NetAddress.FromV4(0x7F00_0002);
        Assert.That(Nfs.MkDir(Dir, "a").Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST), "another client's call is another call");
        Assert.That(Nfs.List(Dir).Select(e => e.Name), Is.EquivalentTo(new[] { "a", "b" }));
    }

    [Test]
    public void A_retransmission_while_the_call_runs_is_dropped()
    {
        // The retransmission comes while the first call tells its transport that it may block.
        var outcome = default(RpcCallException);
        using var second = InMemoryChannel.Loopback(Server.Nfs);
        var client = new Nfs3Client(second);
        Server.Channel.OnBlocking = () =>
        {
            ((IRpcChannel)second).Xid = Channel.Xid;
            outcome ??= Assert.Throws<RpcCallException>(() => client.MkDir(Dir, "a"));
        };
        Assert.That(Nfs.MkDir(Dir, "a").Status, Is.EqualTo(Ok));
        if (FileSystem.Type == "tmpfs")
            Assert.That(outcome, Is.Null, "nothing blocks in memory");
        else
            Assert.That(outcome!.Status, Is.EqualTo(global::NfsdCtl.Wire.Rpc.AcceptStatus.Drop));
    }

    [Test]
    public void Reading_and_writing_are_not_remembered()
    {
        byte[] file = FileOf("f", "x"u8);
        int entries = Server.Replies.Counts.Entries;
        Nfs.Read(file, 0, 1);
        Nfs.Write(file, 0, "y"u8);
        Nfs.GetAttr(file);
        Nfs.Commit(file);
        Assert.That(Server.Replies.Counts.Entries, Is.EqualTo(entries));
    }

    [Test]
    public void Remembered_replies_belong_to_their_scope()
    {
        uint xid = Channel.Xid;
        Assert.That(Nfs.MkDir(Dir, "a").Status, Is.EqualTo(Ok));
        var scope = new Scope(Server.Channel.Server, Nfs3TestServer.Open.FsId!.Value);
        Assert.That(Server.Replies.Forget(scope with { Server = NetAddress.FromV4(0x7F00_0009) }), Is.Zero);
        Assert.That(Server.Replies.Forget(scope), Is.GreaterThanOrEqualTo(1));
        Channel.Xid = xid;
        Assert.That(Nfs.MkDir(Dir, "a").Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST));
    }
}
