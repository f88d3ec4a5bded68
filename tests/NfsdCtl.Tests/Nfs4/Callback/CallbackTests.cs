using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Callback;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.Tests.State;
using NfsdCtl.Tests.State.Nfs4;

namespace NfsdCtl.Tests.Nfs4.Callback;

/// <summary>Back channels: what is sent, over which connection, under which sequence, and what the client learns when there is no way.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CallbackTests
{
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
    private static readonly LockRange Head = new(0, 99);

    private readonly StateHarness harness = new();
    private readonly FakePeers peers = new();
    private readonly Nfs4Callbacks callbacks;
    private readonly TestNfs4Client client;
    private readonly TestNfs4Client holder;
    private readonly StateId open;
    private StateId held;

    public CallbackTests()
    {
        callbacks = new Nfs4Callbacks(harness.State, peers);
        client = new TestNfs4Client(harness, "10.0.0.1", "c").Connect();
        holder = new TestNfs4Client(harness, "10.0.0.1", "holder").Connect();
        client.Open("o", File, ShareAccess.Both, ShareDeny.None, out open);
        holder.Open("o", File, ShareAccess.Both, ShareDeny.None, out var id);
        holder.Lock("o", "p", File, id, Head, out held);
    }

    [Test]
    public void A_lock_that_became_free_is_told_over_the_sessions_connection()
    {
        var way = new FakeBackChannel();
        Assert.That(callbacks.Bind(client.Session!, way));
        Free();
        var (session, sequence, slot, handle, id, owner) = way.Notice(0);
        Assert.That(SessionId.Read(session), Is.EqualTo(client.Session!.Id));
        Assert.That((sequence, slot, id), Is.EqualTo((1u, 0u, client.Id)));
        Assert.That((handle, owner), Is.EqualTo((new byte[] { 9 }, "q"u8.ToArray())));
        Assert.That((way.Calls[0].Program, way.Calls[0].Procedure), Is.EqualTo((0x40000000u, 1u)));
    }

    [Test]
    public void A_connection_is_asked_whether_call_backs_are_answered_there()
    {
        var way = new FakeBackChannel();
        callbacks.Bind(client.Session!, way);
        Assert.That(way.Probes, Has.Count.EqualTo(1));
        Assert.That((way.Probes[0].Call.Program, way.Probes[0].Call.Procedure), Is.EqualTo((0x40000000u, 0u)));
        way.AnswerProbe();
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        var other = new FakeBackChannel();
        callbacks.Bind(client.Session!, other);
        other.RefuseProbe();
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None), "there is another way");
        way.RefuseProbe();
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.CallbackPathDown | SequenceFlags.CallbackPathDownSession));
    }

    [Test]
    public void A_call_back_is_of_the_minor_version_that_the_client_speaks()
    {
        var way = new FakeBackChannel();
        var newer = new TestNfs4Client(harness, "10.0.0.1", "newer", 2).Connect();
        callbacks.Bind(newer.Session!, way);
        newer.Open("o", File, ShareAccess.Both, ShareDeny.None, out var its);
        Free(newer, its);
        Assert.That(way.Notice(0, minorVersion: 2).Client, Is.EqualTo(newer.Id));
    }

    [Test]
    public void A_slot_goes_on_when_it_was_accepted_and_not_before()
    {
        var way = new FakeBackChannel();
        callbacks.Bind(client.Session!, way);
        Free();
        Hold();
        Free();
        Assert.That((way.Notice(1).Slot, way.Notice(1).Sequence), Is.EqualTo((1u, 1u)), "the first is still out");
        way.Answer(nfsstat4.NFS4_OK);
        way.Answer(nfsstat4.NFS4ERR_DELAY);
        Hold();
        Free();
        Assert.That((way.Notice(2).Slot, way.Notice(2).Sequence), Is.EqualTo((0u, 2u)));
        Hold();
        Free();
        Assert.That((way.Notice(3).Slot, way.Notice(3).Sequence), Is.EqualTo((1u, 1u)), "DELAY did not use the sequence up");
    }

    [Test]
    public void What_broke_with_its_connection_is_said_again_over_another()
    {
        var first = new FakeBackChannel();
        var second = new FakeBackChannel();
        callbacks.Bind(client.Session!, first);
        Free();
        first.Close();
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.CallbackPathDown | SequenceFlags.CallbackPathDownSession));
        Assert.That(callbacks.Bind(client.Session!, second));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(second.Calls[0].Arguments.ToArray(), Is.EqualTo(first.Calls[0].Arguments.ToArray()));
    }

    [Test]
    public void A_second_connection_takes_over_at_once()
    {
        var first = new FakeBackChannel();
        var second = new FakeBackChannel();
        callbacks.Bind(client.Session!, first);
        callbacks.Bind(client.Session!, second);
        Free();
        first.Close();
        Assert.That(second.Calls, Has.Count.EqualTo(1));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
    }

    [Test]
    public void A_connection_that_serves_no_call_backs_is_not_one()
    {
        var way = new FakeBackChannel();
        callbacks.Bind(client.Session!, way);
        Free();
        way.Refuse();
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.CallbackPathDown | SequenceFlags.CallbackPathDownSession));
    }

    [Test]
    public void A_slot_that_is_not_agreed_on_is_a_fault()
    {
        var way = new FakeBackChannel();
        callbacks.Bind(client.Session!, way);
        Free();
        way.Answer(nfsstat4.NFS4ERR_SEQ_MISORDERED);
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.BackChannelFault));
        Hold();
        Free();
        Assert.That(way.Notice(1).Slot, Is.EqualTo(1));
    }

    [Test]
    public void A_closed_connection_and_a_dead_session_are_not_bound()
    {
        var way = new FakeBackChannel();
        way.Close();
        Assert.That(callbacks.Bind(client.Session!, way), Is.False);
        Assert.That(callbacks.Bind(client.Session!, null), Is.False);
        harness.Do((in GateScope gate) => client.Nfs4.Sessions.Destroy(gate, client.Server, client.Session!.Id, null));
        Assert.That(callbacks.Bind(client.Session!, new FakeBackChannel()), Is.False);
    }

    [Test]
    public void A_client_of_minor_version_0_is_probed_where_it_calls_from()
    {
        Probe("10.9.9.9.8.1", "10.9.9.9");
        var call = peers.Calls.Single();
        Assert.That((call.To, call.Port, call.Program, call.Procedure), Is.EqualTo((TestHost.Address("10.9.9.9"), (ushort)2049, 77u, 0u)));
        Probe("10.9.9.8.8.1", "10.9.9.9");
        Assert.That(peers.Calls, Has.Count.EqualTo(1), "nobody else is called");
    }

    [Test]
    public void The_end_of_a_copy_is_told_and_told_again_after_DELAY()
    {
        var way = new FakeBackChannel();
        var copier = NewCopier(way);
        var call = new SlotCall(copier.Id, 2, 7);
        var offload = harness.Do((in GateScope gate) => client.Nfs4.Offloads.Begin(gate, new OffloadRequest
        {
            Client = copier.Client,
            Call = call,
            Source = File,
            Target = File,
            Handle = [1, 2, 3],
            WriteVerifier = 55,
        }))!;
        offload.Advance(1000);
        Finish(offload, Nfs4Status.Ok);
        var told = way.Offload(0);
        Assert.That(told.Handle, Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That((told.RefersTo, told.StateId, told.Status, told.Count, told.Verifier), Is.EqualTo((call, offload.StateId, nfsstat4.NFS4_OK, 1000UL, 55UL)));
        way.Answer(nfsstat4.NFS4_OK, nfsstat4.NFS4ERR_DELAY);
        harness.Advance(TimeSpan.FromSeconds(6));
        TellOffloads();
        Assert.That(way.Offload(1).StateId, Is.EqualTo(offload.StateId));
        way.Answer(nfsstat4.NFS4_OK);
        harness.Advance(TimeSpan.FromSeconds(6));
        TellOffloads();
        Assert.That(way.Calls, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_copy_that_failed_tells_its_status_and_how_far_it_came()
    {
        var way = new FakeBackChannel();
        var copier = NewCopier(way);
        var offload = harness.Do((in GateScope gate) =>
            client.Nfs4.Offloads.Begin(gate, new OffloadRequest { Client = copier.Client, Source = File, Target = File }))!;
        offload.Advance(7);
        Finish(offload, (Nfs4Status)nfsstat4.NFS4ERR_NOSPC);
        var told = way.Offload(0);
        Assert.That((told.Status, told.Count), Is.EqualTo((nfsstat4.NFS4ERR_NOSPC, 7UL)));
    }

    private Nfs4Session NewCopier(FakeBackChannel way)
    {
        var session = new TestNfs4Client(harness, "10.0.0.1", "copier", 2).Connect().Session!;
        callbacks.Bind(session, way);
        return session;
    }

    private void Finish(Offload offload, Nfs4Status status)
    {
        harness.Do((in GateScope gate) =>
        {
            client.Nfs4.Offloads.Finish(gate, offload, status);
            return true;
        });
        TellOffloads();
    }

    private void TellOffloads()
    {
        foreach (var effect in harness.Seen.Where(e => e.Kind == EffectKind.TellOffload).ToList())
            callbacks.TellOffload(effect.Id, new EffectList());
        harness.Seen.Clear();
    }

    private void Probe(string callback, string from)
    {
        SetClientIdResult made = default;
        harness.Do((in GateScope gate) => client.Nfs4.Clients.SetClientId(gate, new SetClientIdRequest
        {
            Server = client.Server,
            Client = TestHost.Address(from),
            Owner = "old"u8,
            Verifier = 1,
            CallbackProgram = 77,
            CallbackNetId = "tcp"u8,
            CallbackAddress = System.Text.Encoding.ASCII.GetBytes(callback),
        }, out made));
        harness.Seen.Clear();
        harness.Do((in GateScope gate) => client.Nfs4.Clients.SetClientIdConfirm(gate, client.Server, default, made.ClientId, made.Verifier));
        var effect = harness.Seen.Single(e => e.Kind == EffectKind.ProbeCallback);
        callbacks.Probe((ulong)effect.Id, new EffectList());
    }

    /// <summary>The client waits for the lock, and the holder gives it back.</summary>
    private void Free() => Free(client, open);

    private void Free(TestNfs4Client client, StateId open)
    {
        Assert.That(client.Lock("o", "q", File, open, Head, out _, block: true), Is.EqualTo(Nfs4Status.Denied));
        harness.Seen.Clear();
        Assert.That(holder.Unlock("p", File, ref held, Head), Is.EqualTo(Nfs4Status.Ok));
        foreach (var effect in harness.Seen.Where(e => e.Kind == EffectKind.NotifyLock).ToList())
            callbacks.NotifyLock(effect.Id, new EffectList());
    }

    /// <summary>The client does not come, and the holder has the lock again.</summary>
    private void Hold()
    {
        harness.Advance(TimeSpan.FromSeconds(6));
        Assert.That(holder.Lock("o", "p", File, held, Head, out held, newOwner: false), Is.EqualTo(Nfs4Status.Ok));
    }
}
