using CsCheck;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Model;

/// <summary>One random step: what its numbers mean depends on <see cref="What"/>.</summary>
public readonly record struct Step(int What, int Client, int Server, int File, int Owner, int Start, int Length, int Flags);

/// <summary>
/// Random steps through the state machines and through a model that holds one entry per byte and owner. After each step the answers,
/// the locks, waiters, shares and counts of both must be the same.
/// </summary>
public sealed class LockModelTests
{
    private static readonly NetAddress[] Servers = [TestHost.Address("10.0.0.1"), TestHost.Address("10.0.0.10"), TestHost.Address("::ffff:10.0.0.2")];
    private static readonly NetAddress[] Clients = [TestHost.Address("10.9.0.1"), TestHost.Address("10.9.0.10"), TestHost.Address("fd00::1")];

    private static readonly FileKey[] Files =
        [StateHarness.File(StateHarness.FsA, 1), StateHarness.File(StateHarness.FsA, 2), StateHarness.File(StateHarness.FsB, 1)];

    private static readonly Scope[] Scopes =
    [
        new(Servers[0], StateHarness.FsA), new(Servers[1], StateHarness.FsA), new(Servers[0], StateHarness.FsB), default,
    ];

    private static readonly Gen<Step[]> Steps = Gen.Select(
        Gen.Int[0, 29], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 1], Gen.Int[0, ByteModel.Bytes - 1], Gen.Int[1, ByteModel.Bytes],
        Gen.Int[0, 7], (what, client, server, file, owner, start, length, flags) => new Step(what, client, server, file, owner, start, length, flags))
        .Array[1, 60];

    [Test]
    public void Random_steps_answer_as_the_model_does() => Steps.Sample(steps => Play(steps, Mistake.None), iter: 2000, threads: 1);

    [TestCaseSource(nameof(Mistakes))]
    public void A_planted_mistake_is_found(Mistake mistake) =>
        Assert.That(() => Steps.Sample(steps => Play(steps, mistake), iter: 20_000, threads: 1), Throws.InstanceOf<CsCheckException>());

    private static IEnumerable<Mistake> Mistakes => Enum.GetValues<Mistake>().Where(m => m != Mistake.None);

    private static bool Play(Step[] steps, Mistake mistake)
    {
        var model = new ByteModel(mistake);
        // Without the search for deadlocks the order of grants depends on the queue alone. What was released is compared with a grant
        // range by range while it is unswept and file by file afterwards; the model knows files only, so all is swept first.
        var harness = new StateHarness(new StateOptions { DeadlockVisits = 0, WaiterSlice = 2 });
        foreach (var step in steps)
        {
            if (!One(harness, model, step) || !Same(harness, model))
                return false;
        }
        return true;
    }

    private static bool One(StateHarness harness, ByteModel model, Step step)
    {
        var host = new TestHost(Clients[step.Client], Servers[step.Server], "node");
        var owner = new ModelOwner(host, (ulong)step.Owner);
        var file = Files[step.File];
        int end = Math.Min(step.Start + step.Length, ByteModel.Bytes) - 1;
        var range = new LockRange((ulong)step.Start, end == ByteModel.Bytes - 1 ? LockRange.ToEof : (ulong)end);
        var kind = (step.Flags & 1) != 0 ? LockKind.Write : LockKind.Read;
        switch (step.What)
        {
            case < 11:
                return Lock(harness, model, step, owner, file, range, end, kind);
            case < 16:
                return harness.Unlock(host, owner.Id, file, range) == model.Unlock(owner, file, step.Start, end);
            case < 18:
                return harness.Test(host, owner.Id, file, range, kind) == model.Test(owner, file, step.Start, end, kind);
            case 18:
                return harness.Cancel(host, owner.Id, file, range, kind) == model.Cancel(owner, file, step.Start, end, kind);
            case 19:
                return model.Waiters.Count == 0 || Cancel(harness, model, model.Waiters[step.Start % model.Waiters.Count]);
            case < 23:
                return Answer(harness, model, accept: step.Flags < 5);
            case 23:
                return harness.Share(host, "oh", file, (ShareDeny)(step.Flags & 3), (ShareAccess)(step.Length & 3))
                    == model.Share(host, file, (ShareDeny)(step.Flags & 3), (ShareAccess)(step.Length & 3));
            case 24:
                return harness.Unshare(host, "oh", file) == model.Unshare(host, file);
            case < 27:
                return Release(harness, model, step.What == 25 ? ReleaseSelector.Address(host.Server) : ReleaseSelector.Of(file.FileSystem));
            case 27:
                harness.Rebooted(host.Client, 0);
                model.Reboot(host.Client);
                return true;
            case 28:
                harness.Open(Scopes[step.Start % Scopes.Length], anyone: true);
                model.Windows.Add(Scopes[step.Start % Scopes.Length]);
                return true;
            default:
                return harness.End(Scopes[step.Start % Scopes.Length]) == model.EndWindow(Scopes[step.Start % Scopes.Length]);
        }
    }

    private static bool Lock(StateHarness harness, ByteModel model, Step step, ModelOwner owner, FileKey file, LockRange range, int end, LockKind kind)
    {
        bool block = (step.Flags & 2) != 0;
        bool reclaim = step.Flags >= 6;
        bool local = step.What > 8 && !block;
        var outcome = harness.Lock(owner.Host, owner.Id, file, range, out var ticket, kind, block, reclaim, local);
        if (outcome == LockOutcome.Tentative)
            outcome = harness.Confirm(ticket.Id);
        return outcome == model.Lock(owner, file, step.Start, end, kind, block, reclaim, () => ticket.Id);
    }

    private static bool Cancel(StateHarness harness, ByteModel model, ModelWaiter waiter)
    {
        var range = new LockRange((ulong)waiter.Start, waiter.End == ByteModel.Bytes - 1 ? LockRange.ToEof : (ulong)waiter.End);
        return harness.Cancel(waiter.Owner.Host, waiter.Owner.Id, waiter.File, range, waiter.Kind)
            == model.Cancel(waiter.Owner, waiter.File, waiter.Start, waiter.End, waiter.Kind);
    }

    private static bool Answer(StateHarness harness, ByteModel model, bool accept)
    {
        if (model.Waiters.Find(w => w.Granting) is not { } waiter)
            return true;
        if (!harness.Answer(waiter.Ticket, waiter.Owner.Host.Client, accept ? GrantAnswer.Accepted : GrantAnswer.Denied))
            return false;
        if (accept)
            model.Accept(waiter);
        else
            model.Refuse(waiter);
        return true;
    }

    private static bool Release(StateHarness harness, ByteModel model, ReleaseSelector selector)
    {
        var before = harness.Counts();
        var dry = harness.Release(selector, dryRun: true);
        if (harness.Counts() != before)
            return false;
        var counts = harness.Release(selector);
        var (waiters, shares) = model.Release(selector.Server, selector.FileSystem);
        var after = harness.Counts();
        return counts == dry && counts.Waiters == waiters && counts.Shares == shares && before.Locks - after.Locks == counts.Locks
            && before.Shares - after.Shares == shares && after.Unswept == 0;
    }

    private static bool Same(StateHarness harness, ByteModel model)
    {
        var held = new Dictionary<(FileKey, int, ModelOwner), LockKind>();
        var infos = harness.Locks();
        foreach (var info in infos)
        {
            var owner = new ModelOwner(new TestHost(info.Client.Address, info.Server, "node"), info.OwnerId);
            int end = info.Range.End == LockRange.ToEof ? ByteModel.Bytes - 1 : (int)info.Range.End;
            for (int i = (int)info.Range.Start; i <= end; i++)
            {
                if (!held.TryAdd((info.File, i, owner), info.Kind))
                    return false;
            }
        }
        var waiters = harness.Waiters();
        var counts = harness.Counts();
        return held.Count == model.Held.Count && held.All(h => model.Held.TryGetValue(h.Key, out var kind) && kind == h.Value)
            && infos.Count == Runs(model) && counts.Locks == infos.Count
            && waiters.Select(w => (w.Id, w.Granting)).Order().SequenceEqual(model.Waiters.Select(w => (w.Ticket, w.Granting)).Order())
            && counts.Waiters == waiters.Count && counts.Shares == model.Shares.Count;
    }

    /// <summary>How many ranges there must be when neighbours of one kind are merged.</summary>
    private static int Runs(ByteModel model) =>
        model.Held.Count(h => !model.Held.TryGetValue((h.Key.File, h.Key.Byte - 1, h.Key.Owner), out var kind) || kind != h.Value);
}
