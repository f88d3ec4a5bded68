using CsCheck;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>
/// Random locks of NFSv4.0, NFSv4.1 and NLM on one file, with closes, releases and lost clients, against a table of who holds each byte.
/// </summary>
public sealed class LockModelTests
{
    private const int Bytes = 12;

    /// <summary>Lock owners: 0 and 1 of an NFSv4.1 client, 2 of another one, 3 and 4 of an NFSv4.0 client, 5 and 6 NLM hosts.</summary>
    private const int Owners = 7;

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 99], Gen.Int[0, Owners - 1], Gen.Int[0, Bytes - 1], Gen.Int[0, Bytes - 1], Gen.Bool,
        (what, owner, a, b, write) => new Step(what, owner, Math.Min(a, b), Math.Max(a, b), write ? LockKind.Write : LockKind.Read));

    [Test]
    public void One_table_serves_all_protocols() => Steps.Array[1, 150].Sample(steps =>
    {
        var world = new World();
        foreach (var step in steps)
            world.Run(step);
    }, iter: 300);

    private readonly record struct Step(int What, int Owner, int First, int Last, LockKind Kind)
    {
        public LockRange Range => new((ulong)First, (ulong)Last);
    }

    private sealed class World
    {
        private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
        private static readonly TestHost[] Hosts = [TestHost.Of("10.0.0.8", "10.0.0.1"), TestHost.Of("10.0.0.9", "10.0.0.1")];

        private readonly StateHarness harness = new();
        private readonly TestNfs4Client[] clients;
        private readonly StateId[] opens = new StateId[3];
        private readonly StateId?[] locks = new StateId?[5];
        private readonly LockKind?[,] held = new LockKind?[Owners, Bytes];

        public World()
        {
            clients = [New("a", 1), New("b", 1), New("c", 0)];
            for (int i = 0; i < clients.Length; i++)
                Open(i);
        }

        public void Run(Step step)
        {
            switch (step.What)
            {
                case < 50:
                    Lock(step);
                    break;
                case < 75:
                    Unlock(step);
                    break;
                case < 88:
                    Test(step);
                    break;
                case < 93:
                    Close(ClientOf(step.Owner));
                    break;
                case < 96:
                    Release(ClientOf(step.Owner));
                    break;
                default:
                    Lose(ClientOf(step.Owner));
                    break;
            }
            Assert.That(harness.Counts().Locks, Is.EqualTo(Enumerable.Range(0, Owners).Sum(Ranges)));
        }

        private TestNfs4Client New(string name, uint minor) => new TestNfs4Client(harness, "10.0.0." + (name[0] - 'a' + 1), name, minor).Connect();

        private void Open(int client) =>
            Assert.That(clients[client].Open("o", File, ShareAccess.Both, ShareDeny.None, out opens[client]), Is.EqualTo(Nfs4Status.Ok));

        private void Lock(Step step)
        {
            bool refused = Conflicts(step);
            if (step.Owner >= 5)
            {
                var outcome = harness.Lock(Hosts[step.Owner - 5], 1, File, step.Range, step.Kind);
                Assert.That(outcome, Is.EqualTo(refused ? LockOutcome.Denied : LockOutcome.Granted));
            }
            else
            {
                int client = ClientOf(step.Owner);
                string owner = "lock " + step.Owner;
                var known = locks[step.Owner];
                var holder = new LockHolder();
                var status = clients[client].Lock(
                    "o", owner, File, known ?? opens[client], step.Range, out var id, step.Kind, newOwner: known is null, holder: holder);
                Assert.That(status, Is.EqualTo(refused ? Nfs4Status.Denied : Nfs4Status.Ok));
                if (refused)
                    CheckHolder(step, holder);
                else
                    locks[step.Owner] = id;
            }
            if (!refused)
                Set(step.Owner, step.First, step.Last, step.Kind);
        }

        private void Unlock(Step step)
        {
            if (step.Owner >= 5)
            {
                Assert.That(harness.Unlock(Hosts[step.Owner - 5], 1, File, step.Range), Is.EqualTo(LockOutcome.Granted));
            }
            else if (locks[step.Owner] is { } id)
            {
                Assert.That(clients[ClientOf(step.Owner)].Unlock("lock " + step.Owner, File, ref id, step.Range), Is.EqualTo(Nfs4Status.Ok));
                locks[step.Owner] = id;
            }
            else
            {
                return;
            }
            Set(step.Owner, step.First, step.Last, null);
        }

        private void Test(Step step)
        {
            bool refused = Conflicts(step);
            var holder = new LockHolder();
            if (step.Owner >= 5)
            {
                var outcome = harness.Test(Hosts[step.Owner - 5], 1, File, step.Range, step.Kind, holder);
                Assert.That(outcome, Is.EqualTo(refused ? LockOutcome.Denied : LockOutcome.Granted));
            }
            else
            {
                var status = clients[ClientOf(step.Owner)].LockTest("lock " + step.Owner, File, step.Range, step.Kind, holder);
                Assert.That(status, Is.EqualTo(refused ? Nfs4Status.Denied : Nfs4Status.Ok));
            }
            if (refused)
                CheckHolder(step, holder);
        }

        private void Close(int client)
        {
            if (client < 0)
                return;
            Assert.That(clients[client].Close("o", File, opens[client]), Is.EqualTo(Nfs4Status.Ok));
            Drop(client);
            Open(client);
        }

        /// <summary>The client's address is released; what another is given of it is forfeited on the way.</summary>
        private void Release(int client)
        {
            if (client <= 0)
                return;
            var lost = opens[client];
            harness.Release(NfsdCtl.State.Release.ReleaseSelector.Address(clients[client].Server));
            Assert.That(clients[client].Io(File, lost, ShareAccess.Read), Is.EqualTo(Nfs4Status.AdminRevoked));
            Drop(client);
            Open(client);
        }

        private void Lose(int client)
        {
            if (client < 0)
                return;
            harness.Do((in GateScope gate) => harness.State.Nfs4.Clients.Expire(gate, (uint)clients[client].Id, out _));
            Drop(client);
            clients[client] = New(((char)('a' + client)).ToString(), clients[client].MinorVersion);
            Open(client);
        }

        private void Drop(int client)
        {
            for (int owner = 0; owner < 5; owner++)
            {
                if (ClientOf(owner) != client)
                    continue;
                locks[owner] = null;
                Set(owner, 0, Bytes - 1, null);
            }
        }

        /// <summary>Who is named holds what it is said to hold, and is in the way.</summary>
        private void CheckHolder(Step step, LockHolder holder)
        {
            bool right = Enumerable.Range(0, Owners).Any(o => o != step.Owner && IsNamed(o, holder)
                && Enumerable.Range((int)holder.Range.Start, (int)(holder.Range.End - holder.Range.Start) + 1).All(b => held[o, b] == holder.Kind));
            Assert.That(right, $"{holder.Range} {holder.Kind}");
            Assert.That(holder.Range.Overlaps(step.Range));
        }

        private bool IsNamed(int owner, LockHolder holder) => owner >= 5
            ? holder.ClientId == 0
            : holder.ClientId == clients[ClientOf(owner)].Id && holder.OwnerHandle.SequenceEqual(System.Text.Encoding.ASCII.GetBytes("lock " + owner));

        private static int ClientOf(int owner) => owner switch
        {
            < 2 => 0,
            2 => 1,
            < 5 => 2,
            _ => -1,
        };

        private bool Conflicts(Step step)
        {
            for (int owner = 0; owner < Owners; owner++)
            {
                for (int b = step.First; owner != step.Owner && b <= step.Last; b++)
                {
                    if (held[owner, b] is { } kind && (kind == LockKind.Write || step.Kind == LockKind.Write))
                        return true;
                }
            }
            return false;
        }

        private void Set(int owner, int first, int last, LockKind? kind)
        {
            for (int b = first; b <= last; b++)
                held[owner, b] = kind;
        }

        /// <summary>The ranges of one owner: neighbours of one kind are one.</summary>
        private int Ranges(int owner) => Enumerable.Range(0, Bytes).Count(b => held[owner, b] is not null && (b == 0 || held[owner, b - 1] != held[owner, b]));
    }
}
