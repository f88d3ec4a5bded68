using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Release;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>What clients/N shows.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReportTests
{
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
    private readonly StateHarness harness = new();

    [Test]
    public void Clients_are_numbered_and_described()
    {
        var first = new TestNfs4Client(harness, "10.0.0.1", "first").Connect();
        var second = new TestNfs4Client(harness, "10.0.0.1", "second", 0);
        second.SetClientId(out var made);
        var numbers = new List<uint>();
        harness.Do((in GateScope gate) =>
        {
            first.Nfs4.Reports.CopyNumbers(gate, numbers);
            return true;
        });
        Assert.That(numbers, Is.EquivalentTo(new[] { 1u, 2u }));
        Assert.That(Describe(2)!.Status, Is.EqualTo(Nfs4ClientStatus.Unconfirmed));
        second.Confirm(made);
        Assert.That(Describe(2)!.Status, Is.EqualTo(Nfs4ClientStatus.Confirmed));
        first.Open("o", File, ShareAccess.Both, ShareDeny.None, out _);
        harness.Advance(TimeSpan.FromSeconds(100));
        var info = Describe(1)!;
        Assert.That((info.Status, info.Opens, info.States, info.Sessions, info.MinorVersion), Is.EqualTo((Nfs4ClientStatus.Courtesy, 1, 1, 1, 1u)));
        Assert.That((info.Owner, info.SinceRenewal), Is.EqualTo(("first"u8.ToArray(), TimeSpan.FromSeconds(100))));
        Assert.That(Describe(2), Is.Null, "it held nothing");
        Assert.That(Describe(77), Is.Null);
    }

    [Test]
    public void States_are_listed_with_what_became_of_them()
    {
        var client = new TestNfs4Client(harness, "10.0.0.1", "c").Connect();
        new TestNfs4Client(harness, "10.0.0.1", "d").Connect().Open("x", File, ShareAccess.Read, ShareDeny.None, out _);
        client.Open("o", File, ShareAccess.Both, ShareDeny.None, out var open);
        client.Lock("o", "p", File, open, new LockRange(0, 9), out var locked);
        var states = States(client);
        Assert.That(states.Select(s => (s.Id, s.Kind, s.Access, s.File)), Is.EquivalentTo(new[]
        {
            (open, StateKind.Open, ShareAccess.Both, (FileKey?)File), (locked, StateKind.Lock, ShareAccess.None, File),
        }));
        Assert.That(states.Select(s => (char)s.Owner[0]), Is.EquivalentTo(new[] { 'o', 'p' }));
        harness.Release(ReleaseSelector.Of(StateHarness.FsA));
        Assert.That(States(client).Select(s => (s.File, s.AdminRevoked)), Is.EqualTo(new[] { ((FileKey?)null, true), (null, true) }));
        Assert.That(Describe(1)!.Revoked, Is.EqualTo(2));
    }

    private Nfs4ClientInfo? Describe(uint number) => harness.Do((in GateScope gate) => harness.State.Nfs4.Reports.Describe(gate, number));

    private List<Nfs4StateInfo> States(TestNfs4Client client)
    {
        var into = new List<Nfs4StateInfo>();
        int cursor = 0;
        while (harness.Do((in GateScope gate) => client.Nfs4.Reports.CopyStates(gate, (uint)client.Id, ref cursor, into)))
        {
        }
        return into;
    }
}
