using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;
using NfsdCtl.State.Shares;
using NfsdCtl.Storage;
using NfsdCtl.Tests.Storage;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>
/// Crashes, moves and partitions over records that are really written: who may reclaim is told by the disk alone (RFC 8881 §8.4.2.1 and §8.4.3).
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RestartTests : IDisposable
{
    private const string Server = "10.0.0.1";
    private static readonly FsId FileSystem = RecordDirectory.FileSystem;
    private static readonly Scope Scope = new(TestHost.Address(Server), FileSystem);
    private static readonly FileKey File = StateHarness.File(FileSystem, 1);
    private static readonly FileKey Other = StateHarness.File(FileSystem, 2);
    private static readonly LockRange Head = new(0, 99);

    private readonly RecordDirectory directory = new();
    private uint life;

    public void Dispose() => directory.Dispose();

    /// <summary>Another life of the server, or another node: it knows what the disk says.</summary>
    private StateHarness Node() => new(new StateOptions { Instance = ++life }) { Records = new ScopeRecordStore(directory) };

    private static TestNfs4Client Client(StateHarness node, string name, bool complete = true, uint minor = 1) =>
        new TestNfs4Client(node, Server, name, minor).Connect(complete);

    private static Nfs4Status Take(TestNfs4Client client, FileKey file, bool reclaim = false)
    {
        var status = client.Open("o", file, ShareAccess.Both, ShareDeny.None, out var open, reclaim);
        return status == Nfs4Status.Ok ? client.Lock("o", "p", file, open, Head, out _, reclaim: reclaim) : status;
    }

    [TestCase(0u)]
    [TestCase(1u)]
    public void After_a_crash_who_had_state_reclaims_it_and_nobody_else(uint minor)
    {
        Assert.That(Take(Client(Node(), "a", minor: minor), File), Is.EqualTo(Nfs4Status.Ok));
        var node = Node();
        node.Resume(Scope);
        var stranger = Client(node, "b", false);
        Assert.That(Take(stranger, File, true), Is.EqualTo(Nfs4Status.ReclaimBad));
        Assert.That(stranger.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(Take(stranger, File), Is.EqualTo(Nfs4Status.Grace));
        Assert.That(Take(Client(node, "a", false, minor), File, true), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void Stateids_and_sessions_of_the_life_before_mean_nothing()
    {
        var before = Client(Node(), "a", minor: 0);
        before.Open("o", File, ShareAccess.Both, ShareDeny.None, out var open);
        var after = Client(Node(), "a", minor: 0);
        Assert.That(after.Io(File, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.StaleStateId));
        var session = new SequenceRequest { Server = after.Server, Session = new SessionId(before.Id, 1 << 20 | 1), Sequence = 1 };
        Assert.That(after.Nfs4.Sessions.Begin(session, out _), Is.EqualTo(Nfs4Status.BadSession));
    }

    [Test]
    public void A_client_that_lost_its_lock_in_a_partition_does_not_get_it_back_by_a_crash()
    {
        var node = Node();
        var a = Client(node, "a");
        var b = Client(node, "b");
        Take(a, File);
        node.Advance(TimeSpan.FromSeconds(60));
        b.Beat();
        node.Advance(TimeSpan.FromSeconds(60));
        Assert.That(b.Open("o", File, ShareAccess.Both, ShareDeny.None, out var open), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(b.Lock("o", "p", File, open, Head, out var locked), Is.EqualTo(Nfs4Status.Ok));
        b.Unlock("p", File, ref locked, Head);
        var after = Node();
        after.Resume(Scope);
        Assert.That(Take(Client(after, "a", false), File, true), Is.EqualTo(Nfs4Status.ReclaimBad));
        Assert.That(Take(Client(after, "b", false), File, true), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_client_that_missed_one_window_has_lost_what_it_had_by_the_next()
    {
        Take(Client(Node(), "a"), File);
        var second = Node();
        second.Resume(Scope);
        second.Advance(TimeSpan.FromSeconds(91));
        Assert.That(second.InWindow(Scope), Is.False);
        Take(Client(second, "b"), File);
        var third = Node();
        third.Resume(Scope);
        Assert.That(Take(Client(third, "a", false), File, true), Is.EqualTo(Nfs4Status.ReclaimBad));
    }

    [Test]
    public void What_another_was_granted_meanwhile_is_lost_over_an_orderly_stop_too()
    {
        var node = Node();
        var loser = TestHost.Of("10.9.0.1", Server);
        var winner = TestHost.Of("10.9.0.2", "10.0.0.2");
        var file = File;
        node.Lock(loser, 1, file, Head);
        node.Release(ReleaseSelector.Address(Scope.Server));
        Assert.That(node.Lock(winner, 1, file, Head), Is.EqualTo(LockOutcome.Granted));
        node.Unlock(winner, 1, file, Head);
        node.Release(default);
        var after = Node();
        after.Resume(Scope);
        Assert.That(after.Lock(loser, 1, file, Head, reclaim: true), Is.EqualTo(LockOutcome.NotReclaimable).Or.EqualTo(LockOutcome.NoGrace));
        Assert.That(after.Locks(), Is.Empty);
    }

    [Test]
    public void A_record_that_is_written_beside_a_forfeit_does_not_undo_it()
    {
        var store = new ScopeRecordStore(directory);
        var name = new ClientName(TestHost.Address("10.9.0.1"), "node");
        store.Remember(Scope, new ClientRecord(name) { State = 5 });
        store.Forfeit(Scope, name);
        store.Remember(Scope, new ClientRecord(name));
        store.NoteHeld(Scope, name, 3);
        new ScopeRecordStore(directory).Load(Scope, out var record);
        Assert.That(record.Clients.Single(), Is.EqualTo(new ClientRecord(name) { State = 5, Held = 3, Forfeited = true }));
        store.Remember(Scope, new ClientRecord(name) { KnowsItsLoss = true });
        new ScopeRecordStore(directory).Load(Scope, out record);
        Assert.That(record.Clients.Single(), Is.EqualTo(new ClientRecord(name) { State = 5 }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Who_came_back_for_a_part_and_never_said_that_it_was_all_has_lost_the_rest_by_the_next_window(bool saysSoLate)
    {
        var first = Client(Node(), "a");
        Take(first, File);
        Take(first, Other);
        var second = Node();
        second.Resume(Scope);
        var client = Client(second, "a", false);
        Assert.That(Take(client, File, true), Is.EqualTo(Nfs4Status.Ok));
        second.Advance(TimeSpan.FromSeconds(61));
        client.Beat();
        second.Advance(TimeSpan.FromSeconds(31));
        Assert.That(second.InWindow(Scope), Is.False);
        Assert.That(Take(client, Other, true), Is.EqualTo(Nfs4Status.NoGrace));
        if (saysSoLate)
            Assert.That(client.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        var third = Node();
        third.Resume(Scope);
        client = Client(third, "a", false);
        if (saysSoLate)
            Assert.That(Take(client, File, true), Is.EqualTo(Nfs4Status.Ok));
        else
            Assert.That(Take(client, Other, true), Is.EqualTo(Nfs4Status.ReclaimBad).Or.EqualTo(Nfs4Status.NoGrace));
    }

    [Test]
    public void Two_addresses_of_a_filesystem_are_taken_over_one_after_the_other()
    {
        var second = new Scope(TestHost.Address("10.0.0.2"), FileSystem);
        var here = TestHost.Of("10.9.0.1", Server);
        var there = TestHost.Of("10.9.0.2", "10.0.0.2");
        var file = File;
        StateHarness TakenOver()
        {
            var home = Node();
            home.Lock(here, 1, Other, Head);
            home.Lock(there, 1, file, Head);
            home.Release(default);
            var away = Node();
            foreach (var scope in (Scope[])[Scope, second])
            {
                new ScopeRecordStore(directory).Load(scope, out var record);
                away.Do((in GateScope gate) => away.State.Clients.Load(gate, scope, record));
            }
            away.Open(Scope, 90);
            Assert.That(away.Lock(here, 1, Other, Head, reclaim: true), Is.EqualTo(LockOutcome.Granted));
            return away;
        }

        var node = TakenOver();
        Assert.That(node.Lock(here, 1, file, Head), Is.EqualTo(LockOutcome.Grace), "the clients of the other address come soon");
        node.Open(second, 90);
        Assert.That(node.InWindow(Scope), Is.False, "of its own clients none is missing");
        Assert.That(node.Lock(there, 1, file, Head, reclaim: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(node.Lock(here, 1, file, Head), Is.EqualTo(LockOutcome.Denied));
        node.Release(default);

        // They do not come in time: who takes what may be theirs ends their rights, on the disk as well.
        node = TakenOver();
        node.Advance(TimeSpan.FromSeconds(91));
        Assert.That(node.Lock(here, 1, file, Head), Is.EqualTo(LockOutcome.Granted));
        node.Unlock(here, 1, file, Head);
        node.Open(second, 90);
        Assert.That(node.Lock(there, 1, file, Head, reclaim: true), Is.EqualTo(LockOutcome.NotReclaimable).Or.EqualTo(LockOutcome.NoGrace));
    }

    [Test]
    public void Two_crashes_in_a_row_take_nothing_from_who_had_no_time_to_come()
    {
        Take(Client(Node(), "a"), File);
        var second = Node();
        second.Resume(Scope);
        second.Advance(TimeSpan.FromSeconds(10));
        var third = Node();
        third.Resume(Scope);
        Assert.That(Take(Client(third, "a", false), File, true), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_crash_in_the_middle_of_reclaiming_takes_nothing_either()
    {
        var first = Client(Node(), "a");
        Take(first, File);
        Take(first, Other);
        var second = Node();
        second.Resume(Scope);
        Assert.That(Take(Client(second, "a", false), File, true), Is.EqualTo(Nfs4Status.Ok));
        var third = Node();
        third.Resume(Scope);
        var client = Client(third, "a", false);
        Assert.That(Take(client, File, true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(Take(client, Other, true), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_switch_and_a_switch_back_inside_the_window()
    {
        var home = Node();
        var client = Client(home, "a");
        Take(client, File);
        Take(client, Other);
        home.Release(ReleaseSelector.Address(Scope.Server));
        var away = Node();
        away.Resume(Scope);
        Assert.That(Take(Client(away, "a", false), File, true), Is.EqualTo(Nfs4Status.Ok));
        away.Release(ReleaseSelector.Address(Scope.Server));
        home.Resume(Scope);
        // The client finds its old id here, and makes a new session.
        Assert.That(client.ExchangeId(out var found), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(found.Confirmed);
        Assert.That(client.CreateSession(out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(Take(client, File, true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(Take(client, Other, true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(home.InWindow(Scope), Is.False);
    }

    [Test]
    public void An_owner_string_of_any_bytes_and_length_is_found_again()
    {
        byte[] owner = new byte[1024];
        new Random(1).NextBytes(owner);
        var node = Node();
        Nfs4Session session = Connect(node, owner);
        Assert.That(Open(node, session, false), Is.EqualTo(Nfs4Status.Ok));
        var after = Node();
        after.Resume(Scope);
        session = Connect(after, owner);
        Assert.That(Open(after, session, true), Is.EqualTo(Nfs4Status.Ok));
        owner[1023]++;
        Assert.That(Open(after, Connect(after, owner), true), Is.EqualTo(Nfs4Status.ReclaimBad));
    }

    private static Nfs4Session Connect(StateHarness node, byte[] owner) => node.Do((in GateScope gate) =>
    {
        var clients = node.State.Nfs4.Clients;
        clients.ExchangeId(gate, new ExchangeIdRequest { Server = Scope.Server, Owner = owner, Verifier = 1 }, out var made);
        var channel = new ChannelAttributes(0, 4096, 4096, 4096, 16, 8);
        var request = new CreateSessionRequest { Server = Scope.Server, ClientId = made.ClientId, Sequence = made.Sequence, Fore = channel, Back = channel };
        clients.CreateSession(gate, request, out var session);
        return session.Session!;
    });

    private static Nfs4Status Open(StateHarness node, Nfs4Session session, bool reclaim)
    {
        OpenTicket ticket = default;
        Nfs4Status status;
        if (!reclaim)
            node.Do((in GateScope gate) => node.State.Nfs4.Clients.ReclaimComplete(gate, session.Client, FsId.Any));
        do
        {
            status = node.Do((in GateScope gate) => node.State.Nfs4.Opens.Open(
                gate, new OpenRequest { Client = session.Client, Owner = "o"u8, File = File, Access = ShareAccess.Read, Reclaim = reclaim }, out ticket));
        }
        while (status == Nfs4Status.NeedsRecord && node.Record(ticket.Need));
        return status;
    }
}
