using CsCheck;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>
/// Random opens, downgrades, closes, shares of NLM and releases by a few owners on a few files, against a table of who has what; the stateids that
/// come and go with them, against the list of those that are alive.
/// </summary>
public sealed class OpenModelTests
{
    private const int Owners = 5;
    private const int Files = 2;

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 99], Gen.Int[0, Owners - 1], Gen.Int[0, Files - 1], Gen.Int[1, 3], Gen.Int[0, 3],
        (what, owner, file, access, deny) => new Step(what, owner, file, (ShareAccess)access, (ShareDeny)deny));

    [Test]
    public void Opens_and_shares_do_as_the_matrix_says() => Steps.Array[1, 120].Sample(Run, iter: 600);

    private static void Run(Step[] steps)
    {
        var world = new World();
        foreach (var step in steps)
        {
            switch (step.What)
            {
                case < 50:
                    world.Open(step);
                    break;
                case < 65:
                    world.Downgrade(step);
                    break;
                case < 85:
                    world.Close(step);
                    break;
                case < 90:
                    world.Share(step);
                    break;
                case < 94:
                    world.Unshare(step);
                    break;
                case < 97:
                    world.Release(step);
                    break;
                default:
                    world.Expire(step);
                    break;
            }
            world.Check();
        }
    }

    private readonly record struct Step(int What, int Owner, int File, ShareAccess Access, ShareDeny Deny);

    /// <summary>What one owner has of one file, by the model.</summary>
    private sealed record Held(ShareAccess Access, ShareDeny Deny, HashSet<(ShareAccess, ShareDeny)> Pairs, StateId Id);

    private sealed class World
    {
        private static readonly TestHost Host = TestHost.Of("10.0.0.9", "10.0.0.1");
        private readonly StateHarness harness = new();
        private readonly TestNfs4Client[] clients;
        private readonly Dictionary<(int Owner, int File), Held> model = [];
        private readonly Dictionary<int, (ShareAccess Access, ShareDeny Deny)> shares = [];
        private readonly List<(int Client, StateId Id, Nfs4Status Status)> dead = [];

        public World()
        {
            // Owners 0 and 1 are of one client, 2 of another, 3 and 4 of one of minor version 0.
            clients =
            [
                new TestNfs4Client(harness, "10.0.0.1", "a").Connect(), new TestNfs4Client(harness, "10.0.0.1", "b").Connect(),
                new TestNfs4Client(harness, "10.0.0.2", "c", 0).Connect(),
            ];
        }

        public void Open(Step step)
        {
            var key = (step.Owner, step.File);
            bool refused = model.Any(h => h.Key.File == step.File && Conflicts(h.Value.Access, h.Value.Deny, step))
                || (shares.TryGetValue(step.File, out var share) && Conflicts(share.Access, share.Deny, step));
            var status = ClientOf(step.Owner).Open(Name(step.Owner), FileOf(step.File), step.Access, step.Deny, out var id);
            Assert.That(status, Is.EqualTo(refused ? Nfs4Status.ShareDenied : Nfs4Status.Ok));
            if (refused)
                return;
            var before = model.GetValueOrDefault(key);
            var pairs = before?.Pairs ?? [];
            pairs.Add((step.Access, step.Deny));
            if (before is not null)
                Assert.That((id.ClientId, id.Number), Is.EqualTo((before.Id.ClientId, before.Id.Number)));
            model[key] = new Held((before?.Access ?? 0) | step.Access, (before?.Deny ?? 0) | step.Deny, pairs, id);
        }

        public void Downgrade(Step step)
        {
            if (!model.TryGetValue((step.Owner, step.File), out var held))
                return;
            var within = held.Pairs.Where(p => (p.Item1 & ~step.Access) == 0 && (p.Item2 & ~step.Deny) == 0).ToHashSet();
            bool allowed = within.Count != 0 && within.Aggregate(ShareAccess.None, (u, p) => u | p.Item1) == step.Access
                && within.Aggregate(ShareDeny.None, (u, p) => u | p.Item2) == step.Deny;
            var id = held.Id;
            var status = ClientOf(step.Owner).Downgrade(Name(step.Owner), FileOf(step.File), ref id, step.Access, step.Deny);
            Assert.That(status, Is.EqualTo(allowed ? Nfs4Status.Ok : Nfs4Status.Invalid));
            if (allowed)
                model[(step.Owner, step.File)] = new Held(step.Access, step.Deny, within, id);
        }

        public void Close(Step step)
        {
            if (!model.Remove((step.Owner, step.File), out var held))
                return;
            Assert.That(ClientOf(step.Owner).Close(Name(step.Owner), FileOf(step.File), held.Id), Is.EqualTo(Nfs4Status.Ok));
            dead.Add((ClientIndex(step.Owner), held.Id, Nfs4Status.BadStateId));
        }

        public void Share(Step step)
        {
            bool refused = model.Any(h => h.Key.File == step.File && Conflicts(h.Value.Access, h.Value.Deny, step));
            var outcome = harness.Share(Host, "h", FileOf(step.File), step.Deny, step.Access);
            // Each client that may still come back for a released open loses that right before the request is granted.
            for (int i = 0; i < 4 && !refused && outcome == LockOutcome.Denied; i++)
                outcome = harness.Share(Host, "h", FileOf(step.File), step.Deny, step.Access);
            Assert.That(outcome, Is.EqualTo(refused ? LockOutcome.Denied : LockOutcome.Granted));
            if (!refused)
                shares[step.File] = (step.Access, step.Deny);
        }

        public void Unshare(Step step)
        {
            harness.Unshare(Host, "h", FileOf(step.File));
            shares.Remove(step.File);
        }

        /// <summary>An address is released: the second one has but the third client.</summary>
        public void Release(Step step)
        {
            var server = TestHost.Address("10.0.0.2");
            harness.Release(NfsdCtl.State.Release.ReleaseSelector.Address(server));
            // It may not reclaim any more, or each open of another would have to be forfeited first.
            foreach (var key in model.Keys.Where(k => k.Owner >= 3).ToList())
            {
                dead.Add((2, model[key].Id, Nfs4Status.AdminRevoked));
                model.Remove(key);
            }
        }

        /// <summary>A client is expired, and comes back as a new one.</summary>
        public void Expire(Step step)
        {
            var client = clients[1];
            harness.Do((in NfsdCtl.State.GateScope gate) => client.Nfs4.Clients.Expire(gate, (uint)client.Id, out _));
            foreach (var key in model.Keys.Where(k => k.Owner == 2).ToList())
                model.Remove(key);
            dead.RemoveAll(d => d.Client == 1);
            clients[1] = new TestNfs4Client(harness, "10.0.0.1", "b").Connect();
        }

        public void Check()
        {
            foreach (var ((owner, file), held) in model)
            {
                Assert.That(ClientOf(owner).Io(FileOf(file), held.Id, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok));
                bool writes = (held.Access & ShareAccess.Write) != 0;
                Assert.That(ClientOf(owner).Io(FileOf(file), held.Id, ShareAccess.Write), Is.EqualTo(writes ? Nfs4Status.Ok : Nfs4Status.OpenMode));
            }
            foreach (var (client, id, status) in dead)
                Assert.That(clients[client].Io(FileOf(0), id, ShareAccess.Read), Is.EqualTo(status));
            int files = Enumerable.Range(0, Files).Count(f => shares.ContainsKey(f) || model.Keys.Any(k => k.File == f));
            Assert.That(harness.Counts().Files, Is.GreaterThanOrEqualTo(files));
            for (int file = 0; file < Files; file++)
            {
                int f = file;
                bool denied = model.Any(h => h.Key.File == f && (h.Value.Deny & ShareDeny.Write) != 0)
                    || (shares.TryGetValue(f, out var share) && (share.Deny & ShareDeny.Write) != 0);
                Assert.That(clients[0].Io(FileOf(f), StateId.Anonymous, ShareAccess.Write), Is.EqualTo(denied ? Nfs4Status.Locked : Nfs4Status.Ok));
            }
        }

        private static bool Conflicts(ShareAccess access, ShareDeny deny, Step step) =>
            (((int)access & (int)step.Deny) | ((int)deny & (int)step.Access)) != 0;

        private static int ClientIndex(int owner) => owner < 2 ? 0 : owner == 2 ? 1 : 2;

        private TestNfs4Client ClientOf(int owner) => clients[ClientIndex(owner)];

        private static string Name(int owner) => "owner " + owner;

        private static FileKey FileOf(int file) => StateHarness.File(StateHarness.FsA, (byte)(file + 1));
    }
}
