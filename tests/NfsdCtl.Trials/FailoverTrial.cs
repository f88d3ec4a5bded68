using System.Diagnostics;
using System.Net;
using NfsdCtl.TestKit.Clients;

namespace NfsdCtl.Trials;

/// <param name="Move">Shell command that moves the address of <paramref name="Moving"/> and its filesystem to another server.</param>
/// <param name="Locks">Locks of each client on each export.</param>
/// <param name="StallLimit">How much longer than before the move an operation of a bystander may take during it.</param>
public sealed record FailoverPlan(Place Moving, Place Staying, string Move, int Clients, int Locks, IPAddress FirstClient, TimeSpan StallLimit);

/// <summary>
/// Clients, NFSv3 and NFSv4.1 by turns, hold locks through two addresses on two filesystems; one address moves with its filesystem. No lock may
/// be lost, none granted twice, and clients of the other address and filesystem must not notice.
/// </summary>
public sealed class FailoverTrial(FailoverPlan plan)
{
    private static readonly TimeSpan Baseline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LockLedger ledger = new();
    private readonly Verdict verdict = new();
    private readonly List<ILockClient> machines = [];
    private readonly List<ClientLock> moved = [];
    private readonly List<ClientLock> stayed = [];

    public Verdict Run()
    {
        for (var i = 0; i < plan.Clients; i++)
            machines.Add(Machine(i, $"client{i + 1}", newer: i % 2 == 1));
        try
        {
            TakeLocks(plan.Moving, moved);
            TakeLocks(plan.Staying, stayed);
            verdict.Tell("clients with NFSv3 / NFSv4.1", $"{Lockds.Count()} / {machines.Count - Lockds.Count()}");
            verdict.Tell("clients, locks held on the address that moves / stays", $"{plan.Clients}, {moved.Count} / {stayed.Count}");
            if (!verdict.Passed)
                return verdict;
            TryConflicts();
            MoveUnderLoad();
            Verify();
            GrantByCallback();
            GiveBack();
            verdict.Check("locks granted to two clients at once", ledger.Doubled.Count, "0", ledger.Doubled.Count == 0);
            foreach (var line in ledger.Doubled)
                verdict.Fault(line);
        }
        finally
        {
            machines.ForEach(m => m.Dispose());
        }

        return verdict;
    }

    private IEnumerable<LockdClient> Lockds => machines.OfType<LockdClient>();

    private IPAddress Address(int index) => Machines.Number(plan.FirstClient, index);

    private ILockClient Machine(int index, string name, bool newer) => newer ? new Nfs4LockClient(Address(index), name, ledger) : new LockdClient(Address(index), name, ledger);

    private void TakeLocks(Place place, List<ClientLock> taken)
    {
        for (var i = 0; i < machines.Count; i++)
        {
            using var nfs = new HardMount(place.Server, Address(i));
            var file = place.Open(nfs, "locks");
            for (var k = 0; k < plan.Locks; k++)
            {
                var wanted = new ClientLock(file, (uint)(100 + k % 3), new Span64((ulong)(i * 100_000 + k * 10), 5), Exclusive: true);
                var status = LockAfterGrace(machines[i], wanted);
                if (status == NlmStatus.Granted)
                    taken.Add(wanted);
                else
                    verdict.Fault($"{machines[i].Name}: lock {wanted.Range.Start} through {place.Server}: {status}");
            }
        }

        verdict.Check($"locks granted through {place.Server}", taken.Count, $"{plan.Clients * plan.Locks}", taken.Count == plan.Clients * plan.Locks);
    }

    private static NlmStatus LockAfterGrace(ILockClient machine, ClientLock wanted)
    {
        var clock = Stopwatch.StartNew();
        var status = machine.Lock(wanted);
        for (; status == NlmStatus.DeniedGracePeriod && clock.Elapsed < Patience; status = machine.Lock(wanted))
            Thread.Sleep(100);
        return status;
    }

    /// <summary>The machine that does not hold a lock: the one after its holder.</summary>
    private ILockClient Other(ClientLock of) => machines[(int)(of.Range.Start / 100_000 + 1) % machines.Count];

    private ILockClient Holder(ClientLock of) => machines[(int)(of.Range.Start / 100_000)];

    private void TryConflicts()
    {
        var refused = moved.Concat(stayed).Count(l => Other(l).Lock(l with { Svid = 7 }) == NlmStatus.Denied);
        var all = moved.Count + stayed.Count;
        verdict.Check("conflicting requests refused before the move", refused, $"{all}", refused == all);
    }

    private void MoveUnderLoad()
    {
        var index = plan.Clients;
        using var first = new Nfs3Bystander(Address(index++), plan.Staying, ledger);
        using var second = new Nfs4Bystander(Address(index++), plan.Staying, ledger);
        using var prober = new Prober(Address(index++), plan.Moving);
        using var contender = new Contender(Machine(index++, "contender3", newer: false), moved);
        using var newer = new Contender(Machine(index, "contender4", newer: true), moved);
        Background[] all = [first, second, prober, contender, newer];
        foreach (var each in all)
            each.Start();
        Thread.Sleep(Baseline);
        var before = Longest(first, second);
        prober.Times.Reset();

        var clock = Stopwatch.StartNew();
        var status = Shell(plan.Move);
        var scripts = clock.Elapsed;
        var reclaimed = Until(clock, () => machines.Sum(m => m.Reclaimed + m.Lost) >= moved.Count);
        var inTime = machines.Sum(m => m.Reclaimed);
        var operations = first.Times.Count + second.Times.Count;
        var during = Longest(first, second);
        var normal = Until(clock, () => NewLockIsGranted(plan.Moving));
        foreach (var each in all)
            each.Stop();

        verdict.Check("the move's exit status", status, "0", status == 0);
        verdict.Tell("the move took (scripts)", $"{scripts.TotalMilliseconds:F0} ms");
        verdict.Tell("no answer through the address for", $"{prober.Times.Longest.TotalMilliseconds:F0} ms");
        verdict.Tell("all locks reclaimed after", $"{reclaimed.TotalMilliseconds:F0} ms");
        verdict.Tell("new locks granted again after", $"{normal.TotalMilliseconds:F0} ms");
        verdict.Check("NFSv3 clients notified", Lockds.Count(m => m.Notified > 0), $"{Lockds.Count()}", Lockds.All(m => m.Notified > 0));
        verdict.Check("locks reclaimed", inTime, $"{moved.Count}", inTime == moved.Count);
        verdict.Check("reclaims refused", machines.Sum(m => m.Lost), "0", machines.TrueForAll(m => m.Lost == 0));
        foreach (var (version, asked) in new[] { ("NFSv3", contender), ("NFSv4.1", newer) })
        {
            verdict.Check(
                $"{version}: conflicting requests during and after the move: refused / in grace / granted", $"{asked.Denied} / {asked.InGrace} / {asked.Granted}", "granted 0", asked.Granted == 0 && asked.Denied > 0);
        }

        var limit = before + plan.StallLimit;
        verdict.Check($"other address and filesystem: slowest of {operations} operations (before: {before.TotalMilliseconds:F1} ms)", $"{during.TotalMilliseconds:F1} ms", $"< {limit.TotalMilliseconds:F0} ms", during < limit);
        verdict.Check("other address and filesystem: locks refused", first.Refused + second.Refused, "0", first.Refused + second.Refused == 0);
        foreach (var failure in all.Where(a => a.Failure is not null))
            verdict.Check($"{failure.GetType().Name} went on", failure.Failure!.Message, "", false);
    }

    /// <summary>The longest of both, and starts the next phase.</summary>
    private static TimeSpan Longest(Bystander one, Bystander two)
    {
        var longest = one.Times.Longest > two.Times.Longest ? one.Times.Longest : two.Times.Longest;
        one.Times.Reset();
        two.Times.Reset();
        return longest;
    }

    private static int Shell(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", command } })!;
        shell.WaitForExit();
        return shell.ExitCode;
    }

    private static TimeSpan Until(Stopwatch clock, Func<bool> done)
    {
        while (!done() && clock.Elapsed < Patience)
            Thread.Sleep(10);
        return clock.Elapsed;
    }

    private bool NewLockIsGranted(Place place)
    {
        var file = (place == plan.Moving ? moved : stayed)[0].File;
        var fresh = new ClientLock(file, 9, new Span64(50_000_000, 1), Exclusive: true);
        if (machines[0].Lock(fresh) != NlmStatus.Granted)
            return false;
        machines[0].Unlock(fresh);
        return true;
    }

    /// <summary>What a client believes to hold, the server must refuse to another.</summary>
    private void Verify()
    {
        foreach (var (what, locks) in new[] { ("moved", moved), ("stayed", stayed) })
        {
            var held = 0;
            foreach (var each in locks)
            {
                var status = Other(each).Test(each with { Svid = 7 });
                if (status == NlmStatus.Denied)
                    held++;
                else
                    verdict.Fault($"lost: {Holder(each).Name} {each.File.Name} {each.Range.Start}+{each.Range.Length}: a test by another says {status}");
            }

            verdict.Check($"locks still held at the end, of those that {what}", held, $"{locks.Count}", held == locks.Count);
        }
    }

    private void GrantByCallback()
    {
        // who waits is a client with NFSv3; where there are several, behind one with NFSv4.1
        foreach (var (what, locks) in new[] { ("the new server", moved), ("the old server", stayed) })
        {
            if (locks.Find(l => Other(l) is LockdClient) is not { } mine)
                continue;
            var other = (LockdClient)Other(mine);
            var before = other.GrantedCallbacks;
            var granted = false;
            var waiter = new Thread(() => granted = other.LockWait(mine with { Svid = 8 }, TimeSpan.FromSeconds(10)));
            waiter.Start();
            Thread.Sleep(300);
            var clock = Stopwatch.StartNew();
            Holder(mine).Unlock(mine);
            waiter.Join();
            var called = other.GrantedCallbacks - before;
            verdict.Check($"a waiter of {what} granted by call-back after the unlock", granted ? $"{clock.ElapsedMilliseconds} ms" : "no", "< 2000 ms", granted && called == 1 && clock.ElapsedMilliseconds < 2000);
            other.Unlock(mine with { Svid = 8 });
        }
    }

    /// <summary>After all unlocks nothing is left behind: one client can lock the whole file.</summary>
    private void GiveBack()
    {
        foreach (var machine in machines)
        {
            foreach (var mine in machine.Held)
                machine.Unlock(mine);
        }

        foreach (var file in new[] { moved[0].File, stayed[0].File })
        {
            var whole = new ClientLock(file, 10, new Span64(0, 0), Exclusive: true);
            var status = machines[0].Lock(whole);
            verdict.Check($"{file.Name}: the whole file can be locked after all unlocks", status, "Granted", status == NlmStatus.Granted);
            machines[0].Unlock(whole);
        }
    }
}
