using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>Client ids: the cases of RFC 8881 §18.35.4 and RFC 7530 §16.33.5.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ClientIdTests
{
    private const string ServerA = "10.0.0.1";
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);

    private readonly StateHarness harness = new();

    private TestNfs4Client New(string name = "c", uint minor = 1, ulong verifier = 1, string server = ServerA) => new(harness, server, name, minor, verifier);

    [Test]
    public void A_new_owner_gets_an_unconfirmed_id_and_a_session_confirms_it()
    {
        var client = New();
        Assert.That(client.ExchangeId(out var first), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(first.Confirmed, Is.False);
        Assert.That(client.CreateSession(out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.ExchangeId(out var again), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(again, Is.EqualTo(new ExchangeIdResult(first.ClientId, first.Sequence + 1, true)));
    }

    [Test]
    public void An_unconfirmed_record_is_replaced()
    {
        var client = New();
        client.ExchangeId(out var first);
        client.ExchangeId(out var second);
        Assert.That(second.ClientId, Is.Not.EqualTo(first.ClientId));
        Assert.That(client.CreateSession(out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_restarted_client_keeps_its_old_state_until_its_new_id_is_confirmed()
    {
        var old = New().Connect();
        Assert.That(old.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open), Is.EqualTo(Nfs4Status.Ok));
        var restarted = New(verifier: 2);
        Assert.That(restarted.ExchangeId(out var made), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(made.Confirmed, Is.False);
        Assert.That(old.Io(File, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(restarted.CreateSession(out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(restarted.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(old.Begin(0, 1, out _), Is.EqualTo(Nfs4Status.BadSession));
        Assert.That(restarted.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [TestCase(false, false, Nfs4Status.Ok)]
    [TestCase(true, false, Nfs4Status.NotSame)]
    [TestCase(false, true, Nfs4Status.Permission)]
    public void An_update_needs_the_same_life_and_the_same_principal(bool otherVerifier, bool otherPrincipal, Nfs4Status expected)
    {
        var client = New().Connect();
        var update = New(verifier: otherVerifier ? 2ul : 1);
        if (otherPrincipal)
            update.Principal = new Principal(1, 1000);
        Assert.That(update.ExchangeId(out var result, update: true), Is.EqualTo(expected));
        if (expected == Nfs4Status.Ok)
            Assert.That((result.ClientId, result.Confirmed), Is.EqualTo((client.Id, true)));
    }

    [Test]
    public void An_update_of_nothing_is_refused() => Assert.That(New().ExchangeId(out _, update: true), Is.EqualTo(Nfs4Status.NoEntry));

    [Test]
    public void Another_principal_takes_no_name_that_is_in_use_until_the_lease_is_over()
    {
        var client = New().Connect();
        client.Open("o", File, ShareAccess.Read, ShareDeny.None, out _);
        var thief = New(verifier: 9);
        thief.Principal = new Principal(1, 1000);
        Assert.That(thief.ExchangeId(out _), Is.EqualTo(Nfs4Status.ClientIdInUse));
        harness.Advance(TimeSpan.FromSeconds(91));
        Assert.That(thief.ExchangeId(out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void Another_principal_that_asked_before_there_was_state_does_not_confirm_its_claim_after()
    {
        var client = New(minor: 0).Connect();
        var thief = New(minor: 0, verifier: 9);
        thief.Principal = new Principal(1, 1000);
        Assert.That(thief.SetClientId(out var claim), Is.EqualTo(Nfs4Status.Ok));
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        Assert.That(thief.Confirm(claim), Is.EqualTo(Nfs4Status.ClientIdInUse));
        Assert.That(client.Io(File, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void One_owner_at_two_addresses_is_two_clients()
    {
        var a = New().Connect();
        var b = New(server: "10.0.0.2").Connect();
        Assert.That(b.Id, Is.Not.EqualTo(a.Id));
        a.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _);
        Assert.That(b.Open("o", File, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.ShareDenied));
    }

    [Test]
    public void A_session_is_known_at_its_own_address_only()
    {
        var client = New().Connect();
        var request = new SequenceRequest { Server = TestHost.Address("10.0.0.2"), Session = client.Session!.Id, Sequence = 1 };
        Assert.That(client.Nfs4.Sessions.Begin(request, out _), Is.EqualTo(Nfs4Status.BadSession));
    }

    [Test]
    public void A_session_is_made_once_for_each_sequence()
    {
        var client = New();
        client.ExchangeId(out var made);
        Assert.That(client.CreateSession(out var first), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.CreateSession(out var again, made.Sequence), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(again, Is.EqualTo(first with { Replayed = true }));
        Assert.That(client.CreateSession(out _, made.Sequence + 5), Is.EqualTo(Nfs4Status.SequenceMisordered));
        Assert.That(client.CreateSession(out var second), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(second.Session!.Id, Is.Not.EqualTo(first.Session!.Id));
    }

    [Test]
    public void An_id_is_destroyed_when_nothing_is_left_of_it()
    {
        var client = New().Connect();
        Assert.That(Destroy(client), Is.EqualTo(Nfs4Status.ClientIdBusy));
        var destroyed = harness.Do((in GateScope gate) => client.Nfs4.Sessions.Destroy(gate, client.Server, client.Session!.Id, null));
        Assert.That(destroyed, Is.EqualTo(Nfs4Status.Ok));
        Assert.That(Destroy(client), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(Destroy(client), Is.EqualTo(Nfs4Status.StaleClientId));
    }

    [Test]
    public void Minor_version_0_confirms_what_it_was_given_and_nothing_else()
    {
        var client = New(minor: 0);
        Assert.That(client.SetClientId(out var made), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Confirm(made with { Verifier = made.Verifier + 1 }), Is.EqualTo(Nfs4Status.StaleClientId));
        Assert.That(client.Renew(), Is.EqualTo(Nfs4Status.StaleClientId));
        Assert.That(client.Confirm(made), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Confirm(made), Is.EqualTo(Nfs4Status.Ok), "a retransmission");
        Assert.That(client.Renew(), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void The_same_life_changes_its_call_back_and_keeps_its_id()
    {
        var client = New(minor: 0).Connect();
        client.Open("o", File, ShareAccess.Read, ShareDeny.None, out var open);
        Assert.That(client.SetClientId(out var made), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(made.ClientId, Is.EqualTo(client.Id));
        Assert.That(client.Confirm(made), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Io(File, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_restarted_client_of_minor_version_0_loses_what_it_had()
    {
        var old = New(minor: 0).Connect();
        old.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        New(minor: 0, verifier: 2).Connect();
        Assert.That(old.Io(File, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(old.Renew(), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(New("other").Connect().Open("o", File, ShareAccess.Both, ShareDeny.Both, out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void Ids_and_stateids_of_another_life_of_the_server_are_stale()
    {
        var client = New(minor: 0).Connect();
        var status = harness.Do((in GateScope gate) => client.Nfs4.Clients.Renew(gate, client.Server, 77ul << 32 | 1));
        Assert.That(status, Is.EqualTo(Nfs4Status.StaleClientId));
        Assert.That(client.Io(File, new StateId(1, 77ul << 32 | 1, 5), ShareAccess.Read), Is.EqualTo(Nfs4Status.StaleStateId));
    }

    [Test]
    public void Too_many_clients_push_out_those_that_were_never_confirmed()
    {
        var small = new StateHarness(new StateOptions { MaxNfs4Clients = 4 });
        var confirmed = new TestNfs4Client(small, ServerA, "good").Connect();
        for (int i = 0; i < 20; i++)
            Assert.That(new TestNfs4Client(small, ServerA, $"c{i}").ExchangeId(out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(confirmed.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(new TestNfs4Client(small, ServerA, "late").ExchangeId(out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [TestCase(0u)]
    [TestCase(1u)]
    public void One_address_with_many_leaves_room_for_the_others(uint minorVersion)
    {
        const int most = 40;
        var small = new StateHarness(new StateOptions { MaxNfs4Clients = most });
        TestNfs4Client From(string address, string name) => new(small, ServerA, name, minorVersion) { Address = TestHost.Address(address) };
        Nfs4Status Try(TestNfs4Client client) => minorVersion == 0 ? client.SetClientId(out _) : client.ExchangeId(out _);
        var greedy = Enumerable.Range(0, (most / 2) + 1).Select(i => From("10.9.9.9", $"greedy {i}").Connect()).ToList();
        Assert.That(Try(From("10.9.9.9", "greedy more")), Is.EqualTo(Nfs4Status.Resource));
        for (int i = 0; i < most / 4; i++)
            From("10.9.9.8", $"other {i}").Connect();
        // One that begins anew takes the place of its own record.
        greedy[0].Verifier++;
        greedy[0].Connect();
        // They end, and the address may have others.
        small.Advance(small.State.Nfs4.Clients.Lease * 2);
        Assert.That(Try(From("10.9.9.9", "greedy more")), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void Nothing_new_before_reclaim_complete()
    {
        var client = New().Connect(reclaimComplete: false);
        Assert.That(client.Open("o", File, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.Grace));
        Assert.That(client.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.ReclaimComplete(), Is.EqualTo(Nfs4Status.CompleteAlready));
        Assert.That(client.Open("o", File, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.Ok));
    }

    private Nfs4Status Destroy(TestNfs4Client client) =>
        harness.Do((in GateScope gate) => client.Nfs4.Clients.DestroyClientId(gate, client.Server, client.Id));
}
