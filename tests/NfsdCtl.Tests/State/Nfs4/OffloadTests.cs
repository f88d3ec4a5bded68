using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Release;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>Copies that go on after their answer: how many, how their stateids live, and who is told.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OffloadTests
{
    private static readonly FileKey Source = StateHarness.File(StateHarness.FsA, 1);
    private static readonly FileKey Target = StateHarness.File(StateHarness.FsB, 2);

    private readonly StateHarness harness = new(new StateOptions { MaxOffloads = 3, MaxOffloadsPerClient = 2 });
    private readonly TestNfs4Client client;

    public OffloadTests() => client = New("c");

    private Offloads Offloads => harness.State.Nfs4.Offloads;

    private TestNfs4Client New(string name, bool back = true, string server = "10.0.0.1")
    {
        var made = new TestNfs4Client(harness, server, name).Connect();
        SetBack(made, back);
        return made;
    }

    private void SetBack(TestNfs4Client of, bool up) => harness.Do((in GateScope gate) =>
    {
        of.Nfs4.Sessions.BackChannel(gate, of.Session!, up);
        return true;
    });

    private Offload? Begin(TestNfs4Client by) => harness.Do((in GateScope gate) => Offloads.Begin(gate, new OffloadRequest
    {
        Client = by.Session!.Client,
        Call = new SlotCall(by.Session.Id, 3, 9),
        Source = Source,
        Target = Target,
        SourceTag = 1,
        TargetTag = 2,
        Handle = [4, 5],
        WriteVerifier = 77,
    }));

    private void Finish(Offload offload, Nfs4Status result = Nfs4Status.Ok) => harness.Do((in GateScope gate) =>
    {
        Offloads.Finish(gate, offload, result);
        return true;
    });

    private (Nfs4Status Status, ulong Copied, Nfs4Status? Complete) Status(TestNfs4Client by, StateId id, FileKey? file = null)
    {
        ulong copied = 0;
        Nfs4Status? complete = null;
        var status = harness.Do((in GateScope gate) => Offloads.Status(gate, by.Session!.Client, id, file ?? Target, out copied, out complete));
        return (status, copied, complete);
    }

    private Nfs4Status Cancel(StateId id) => harness.Do((in GateScope gate) => Offloads.Cancel(gate, client.Session!.Client, id, Target));

    /// <summary>The only TellOffload that was asked for, carried out as far as finding out what to say.</summary>
    private OffloadNotice? Notice()
    {
        var effect = harness.Seen.SingleOrDefault(e => e.Kind == EffectKind.TellOffload);
        harness.Seen.Clear();
        if (effect == default)
            return null;
        OffloadNotice notice = default;
        return harness.Do((in GateScope gate) => Offloads.TryGetNotice(gate, effect.Id, out notice)) ? notice : null;
    }

    private void Told(Offload offload, bool arrived) => harness.Do((in GateScope gate) =>
    {
        Offloads.Told(gate, offload, arrived);
        return true;
    });

    [Test]
    public void Its_stateid_is_good_until_the_client_was_told()
    {
        var offload = Begin(client)!;
        var id = offload.StateId;
        Assert.That(Status(client, id), Is.EqualTo((Nfs4Status.Ok, 0UL, (Nfs4Status?)null)));
        offload.Advance(10);
        Assert.That(Status(client, id), Is.EqualTo((Nfs4Status.Ok, 10UL, (Nfs4Status?)null)));
        Finish(offload);
        Assert.That(Status(client, id), Is.EqualTo((Nfs4Status.Ok, 10UL, (Nfs4Status?)Nfs4Status.Ok)));
        Assert.That(Notice(), Is.EqualTo(new OffloadNotice(client.Session!, offload, Nfs4Status.Ok)));
        Assert.That(Status(client, id).Status, Is.EqualTo(Nfs4Status.Ok), "no answer yet");
        Told(offload, true);
        Assert.That(Status(client, id).Status, Is.EqualTo(Nfs4Status.BadStateId));
    }

    [Test]
    public void Only_the_very_stateid_of_the_very_client_and_file_is_good()
    {
        var other = New("other");
        var id = Begin(client)!.StateId;
        Assert.That(id.Sequence, Is.Not.Zero);
        Assert.That(Status(client, id with { Sequence = 0 }).Status, Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(Status(client, id with { Sequence = id.Sequence + 1 }).Status, Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(Status(client, id, Source).Status, Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(Status(other, id).Status, Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(Status(client, StateId.Anonymous).Status, Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(client.Test(id), Is.EqualTo(Nfs4Status.BadStateId), "no open and no lock");
    }

    [Test]
    public void There_are_so_many_of_one_client_and_in_all()
    {
        var first = Begin(client)!;
        Assert.That(Begin(client), Is.Not.Null);
        Assert.That(Begin(client), Is.Null);
        var other = New("other");
        Assert.That(Begin(other), Is.Not.Null);
        Assert.That(Begin(other), Is.Null);
        Finish(first);
        Assert.That(Begin(client), Is.Null, "it has not been told of the first");
        Assert.That(Begin(other), Is.Not.Null);
    }

    [Test]
    public void Who_cannot_be_told_gets_none()
    {
        Assert.That(Begin(New("mute", back: false)), Is.Null);
        SetBack(client, false);
        Assert.That(Begin(client), Is.Null);
    }

    [Test]
    public void What_is_cancelled_stops_and_nobody_is_told()
    {
        var offload = Begin(client)!;
        Assert.That(Cancel(offload.StateId), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(offload.IsStopped);
        Assert.That(Cancel(offload.StateId), Is.EqualTo(Nfs4Status.BadStateId));
        Finish(offload);
        Assert.That(harness.Seen.Exists(e => e.Kind == EffectKind.TellOffload), Is.False);
        Assert.That(Begin(client), Is.Not.Null);
    }

    [Test]
    public void What_is_done_is_given_back_by_a_cancel_that_comes_too_late()
    {
        var offload = Begin(client)!;
        Finish(offload);
        Assert.That(Cancel(offload.StateId), Is.EqualTo(Nfs4Status.CompleteAlready));
        Assert.That(Status(client, offload.StateId).Status, Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(Notice(), Is.Null);
    }

    [TestCase(1u, "")]
    [TestCase(2u, "")]
    [TestCase(0u, "10.0.0.1")]
    public void A_release_of_either_filesystem_or_of_the_address_stops_it_and_its_client_is_told(uint fileSystem, string server)
    {
        var offload = Begin(client)!;
        offload.Advance(5);
        harness.Release(new ReleaseSelector
        {
            FileSystem = fileSystem == 0 ? FsId.Any : FsId.FromNumber(fileSystem),
            Server = server.Length == 0 ? NetAddress.Any : TestHost.Address(server),
        });
        Assert.That(offload.IsStopped);
        Assert.That(Status(client, offload.StateId), Is.EqualTo((Nfs4Status.Ok, 5UL, (Nfs4Status?)Nfs4Status.AdminRevoked)));
        Assert.That(Notice(), Is.Null, "somebody still has the files");
        Finish(offload);
        Assert.That(Notice()?.Result, Is.EqualTo(Nfs4Status.AdminRevoked));
    }

    [Test]
    public void A_release_of_something_else_and_one_that_only_counts_let_it_go_on()
    {
        var offload = Begin(client)!;
        harness.Release(ReleaseSelector.Of(FsId.FromNumber(3)));
        harness.Release(ReleaseSelector.Address(TestHost.Address("10.0.0.2")));
        harness.Release(new ReleaseSelector { FileSystem = Target.FileSystem, ExportTags = new HashSet<uint> { 1 } });
        harness.Release(ReleaseSelector.Of(Target.FileSystem), dryRun: true);
        Assert.That(offload.IsStopped, Is.False);
        harness.Release(new ReleaseSelector { FileSystem = Target.FileSystem, ExportTags = new HashSet<uint> { 2 } });
        Assert.That(offload.IsStopped);
    }

    [Test]
    public void It_ends_with_its_client()
    {
        var offload = Begin(client)!;
        var before = client.Session!.Client;
        client.Verifier++;
        client.Connect();
        Assert.That((before.IsDead, offload.IsStopped), Is.EqualTo((true, true)));
        Finish(offload);
        Assert.That(Notice(), Is.Null);
    }

    [Test]
    public void A_client_with_a_copy_is_busy()
    {
        var offload = Begin(client)!;
        harness.Do((in GateScope gate) => client.Nfs4.Sessions.Destroy(gate, client.Server, client.Session!.Id, null));
        Nfs4Status Destroy() => harness.Do((in GateScope gate) => client.Nfs4.Clients.DestroyClientId(gate, client.Server, client.Id));
        Assert.That(Destroy(), Is.EqualTo(Nfs4Status.ClientIdBusy));
        Finish(offload);
        Assert.That(Destroy(), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void What_did_not_arrive_is_told_again_and_one_on_its_way_is_not()
    {
        var offload = Begin(client)!;
        Finish(offload);
        Assert.That(Notice(), Is.Not.Null);
        harness.Advance(TimeSpan.FromSeconds(6));
        Assert.That(Notice(), Is.Null, "on its way");
        Told(offload, false);
        harness.Advance(TimeSpan.FromSeconds(6));
        Assert.That(Notice(), Is.Not.Null);
        SetBack(client, false);
        harness.Advance(TimeSpan.FromSeconds(6));
        Assert.That(Notice(), Is.Null, "there is no way");
        SetBack(client, true);
        Told(offload, false);
        harness.Advance(TimeSpan.FromSeconds(6));
        Assert.That(Notice(), Is.Not.Null);
    }

    [Test]
    public void A_result_that_cannot_be_told_is_forgotten_in_the_end()
    {
        var offload = Begin(client)!;
        Finish(offload);
        for (int i = 0; i < 10; i++)
        {
            harness.Advance(TimeSpan.FromSeconds(59));
            client.Beat();
        }
        Assert.That(Status(client, offload.StateId).Status, Is.EqualTo(Nfs4Status.Ok));
        harness.Advance(TimeSpan.FromSeconds(30));
        Assert.That(Status(client, offload.StateId).Status, Is.EqualTo(Nfs4Status.BadStateId));
    }
}
