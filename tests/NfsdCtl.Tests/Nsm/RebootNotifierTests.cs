using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nsm;

public sealed class RebootNotifierTests
{
    private static readonly NetAddress Server = NetAddress.FromV4(0x0A000001);
    private static readonly NetAddress Client = NetAddress.FromV4(0xC0A80001);

    private FakeTimeProvider time = null!;
    private FakePeers peers = null!;
    private RebootNotifier notifier = null!;

    [SetUp]
    public void Make()
    {
        time = new FakeTimeProvider();
        peers = new FakePeers();
        notifier = new RebootNotifier(peers, time, _ => ["10.0.0.1", "nfs.example"]);
    }

    [TearDown]
    public void End() => notifier.Dispose();

    [Test]
    public void A_client_is_told_under_each_name_from_the_servers_address()
    {
        bool? told = null;
        notifier.Notify(Server, Client, 5, answered => told = answered);
        var first = peers.End(PeerOutcome.Answered);
        Assert.That(told, Is.Null);
        var second = peers.End(PeerOutcome.Answered);
        Assert.That(told, Is.True);
        Assert.That((first.From, first.To, first.Program, first.Version, first.Procedure), Is.EqualTo((Server, Client, 100024u, 1u, 6u)));
        Assert.That(Decode(first), Is.EqualTo(("10.0.0.1", 5)));
        Assert.That(Decode(second), Is.EqualTo(("nfs.example", 5)));
        Assert.That(notifier.Pending, Is.Zero);
    }

    [Test]
    public void Nobody_is_told_before_the_server_answers_calls()
    {
        notifier.Pause();
        notifier.Notify(Server, Client, 5);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(peers.Calls, Is.Empty);
        notifier.Resume();
        Assert.That(peers.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_silent_client_is_tried_for_fifteen_minutes_with_growing_pauses()
    {
        bool? told = null;
        peers.AtOnce = PeerOutcome.NoAnswer;
        notifier.Notify(Server, Client, 5, answered => told = answered);
        var times = new List<TimeSpan> { TimeSpan.Zero };
        var start = time.GetUtcNow();
        for (int second = 0; second < 1000; second++)
        {
            int before = peers.Calls.Count;
            time.Advance(TimeSpan.FromSeconds(1));
            if (peers.Calls.Count > before)
                times.Add(time.GetUtcNow() - start);
        }
        Assert.That(told, Is.False);
        Assert.That(times.Take(6).Select(t => t.TotalSeconds), Is.EqualTo(new[] { 0.0, 2, 6, 14, 30, 62 }));
        Assert.That(times[^1], Is.GreaterThan(TimeSpan.FromMinutes(13)).And.LessThanOrEqualTo(RebootNotifier.Patience));
        Assert.That(times.Zip(times.Skip(1), (a, b) => b - a).Max(), Is.LessThanOrEqualTo(RebootNotifier.LongestPause));
    }

    [Test]
    public void Nothing_goes_out_before_the_address_is_on_this_host()
    {
        peers.Away.Add(Server);
        notifier.Notify(Server, Client, 5);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.That(peers.Calls, Is.Empty);
        peers.Away.Clear();
        notifier.AddressArrived(NetAddress.FromV4(0x0A000010));
        Assert.That(peers.Calls, Is.Empty, "another address arrived");
        notifier.AddressArrived(Server);
        Assert.That(peers.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_silent_client_delays_no_other_and_calls_in_flight_are_bounded()
    {
        for (uint i = 0; i < 200; i++)
            notifier.Notify(Server, NetAddress.FromV4(0xC0A80000 + i), 7);
        Assert.That(peers.Open, Is.EqualTo(RebootNotifier.Parallel));
        peers.End(PeerOutcome.NoAnswer);
        Assert.That(peers.Open, Is.EqualTo(RebootNotifier.Parallel), "another one took its place");
        Assert.That(peers.Calls.Select(c => c.To).Distinct().Count(), Is.EqualTo(RebootNotifier.Parallel + 1));
    }

    [Test]
    public void A_newer_notice_replaces_the_one_under_way()
    {
        notifier.Notify(Server, Client, 5);
        notifier.Notify(Server, Client, 7);
        Assert.That(notifier.Pending, Is.EqualTo(1));
        peers.End(PeerOutcome.NoAnswer);
        peers.End(PeerOutcome.Answered);
        peers.End(PeerOutcome.Answered);
        Assert.That(notifier.Pending, Is.Zero);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(peers.Calls.Select(c => Decode(c).State), Is.EqualTo(new[] { 5, 7, 7 }), "the old one is not repeated");
    }

    [Test]
    public void When_the_address_leaves_its_notices_end()
    {
        peers.AtOnce = PeerOutcome.NoAnswer;
        notifier.Notify(Server, Client, 5);
        notifier.Cancel(Server);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(peers.Calls, Has.Count.EqualTo(1));
    }

    private static (string Name, int State) Decode(PeerCall call)
    {
        var r = new XdrReader(call.Arguments);
        Assert.That(stat_chge.Read(ref r, out var change), Is.True);
        return (System.Text.Encoding.UTF8.GetString(change.mon_name), change.state);
    }
}
