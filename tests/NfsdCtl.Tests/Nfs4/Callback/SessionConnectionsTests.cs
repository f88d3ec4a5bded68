using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Tests.State;
using NfsdCtl.Tests.State.Nfs4;

namespace NfsdCtl.Tests.Nfs4.Callback;

/// <summary>From where a session may be ended (RFC 8881 §18.37.3).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SessionConnectionsTests
{
    private readonly SessionConnections connections = new();
    private readonly FakeBackChannel own = new();
    private readonly FakeBackChannel other = new();
    private readonly Nfs4Session session = new TestNfs4Client(new StateHarness(), "10.0.0.1", "c").Connect().Session!;

    [Test]
    public void Over_a_connection_on_which_it_was_used_and_no_other()
    {
        connections.Note(session, own);
        Assert.That(connections.MayEnd(session, own));
        Assert.That(connections.MayEnd(session, other), Is.False);
        connections.Note(session, other);
        Assert.That(connections.MayEnd(session, other));
    }

    [Test]
    public void Over_any_when_its_own_are_gone()
    {
        connections.Note(session, own);
        own.Close();
        Assert.That(connections.MayEnd(session, other));
    }

    [Test]
    public void Over_one_that_was_idle_and_is_made_again_from_the_same_port()
    {
        connections.Note(session, own);
        connections.Note(session, other);
        own.Close();
        Assert.That(connections.MayEnd(session, new FakeBackChannel()), Is.False);
        Assert.That(connections.MayEnd(session, new FakeBackChannel { Peer = own.Peer }));
    }

    [Test]
    public void A_connection_of_two_sessions_is_of_both()
    {
        var second = new TestNfs4Client(new StateHarness(), "10.0.0.1", "d").Connect().Session!;
        connections.Note(session, own);
        connections.Note(second, own);
        connections.Note(session, other);
        Assert.That(connections.MayEnd(session, own));
        Assert.That(connections.MayEnd(second, own));
        Assert.That(connections.MayEnd(second, other), Is.False);
    }

    [Test]
    public void Over_any_where_nothing_is_known_or_too_much()
    {
        Assert.That(connections.MayEnd(session, other));
        for (int i = 0; i < 100; i++)
            connections.Note(session, new FakeBackChannel());
        Assert.That(connections.MayEnd(session, other));
    }
}
