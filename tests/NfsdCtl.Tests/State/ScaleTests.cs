using System.Diagnostics;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;

namespace NfsdCtl.Tests.State;

/// <summary>Many locks. Times are bounds that only a wrong order of growth breaks.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ScaleTests
{
    private static readonly NetAddress Server = TestHost.Address("10.0.0.1");
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);

    private readonly EffectList effects = new();
    private readonly ServerState state = new(new StateOptions(), TimeProvider.System);

    [Test]
    public void A_hundred_thousand_locks_in_one_file_take_less_than_two_seconds()
    {
        // Processor time, because other programs may keep the machine busy.
        var before = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < 100_000; i++)
            Lock(1, (ulong)(i % 100), File, (ulong)((i * 7919L) % 100_000) * 10, 5);
        Assert.That(Environment.CpuUsage.TotalTime - before, Is.LessThan(TimeSpan.FromSeconds(2)));
        Assert.That(Counts().Locks, Is.EqualTo(100_000));
        var watch = Stopwatch.StartNew();
        Assert.That(Release(ReleaseSelector.Address(Server)).Locks, Is.EqualTo(100_000));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromMilliseconds(50)), "one short step");
        while (effects.NextDue == 0)
            state.Enter(effects).Dispose();
        Assert.That(Counts(), Has.Property("Unswept").Zero);
    }

    [Test]
    public void A_hundred_thousand_readers_of_one_range_cost_a_reader_nothing()
    {
        for (int i = 0; i < 100_000; i++)
            Lock(i % 50, (ulong)i, File, 0, 0, LockKind.Read);
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < 1000; i++)
        {
            Assert.That(Lock(1, 1_000_000, File, 0, 0, LockKind.Read), Is.EqualTo(LockOutcome.Granted));
            Unlock(1, 1_000_000, File, 0, 0);
        }
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromMilliseconds(500)));
    }

    [Test]
    public void Lock_and_unlock_allocate_nothing_in_a_steady_state()
    {
        for (int i = 0; i < 2000; i++)
        {
            Lock(1, 1, File, 0, 10);
            Unlock(1, 1, File, 0, 10);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Lock(1, 1, File, 0, 10);
            Unlock(1, 1, File, 0, 10);
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private LockOutcome Lock(int client, ulong owner, FileKey file, ulong offset, ulong length, LockKind kind = LockKind.Write)
    {
        var request = Request(client, owner, file, offset, length, kind);
        effects.Clear();
        using var gate = state.Enter(effects);
        var outcome = state.Locks.Lock(gate, request, out var ticket);
        if (outcome != LockOutcome.NeedsRecord)
            return outcome;
        state.Clients.Recorded(gate, ticket.Need, true);
        return state.Locks.Lock(gate, request, out _);
    }

    private void Unlock(int client, ulong owner, FileKey file, ulong offset, ulong length)
    {
        effects.Clear();
        using var gate = state.Enter(effects);
        state.Locks.Unlock(gate, Request(client, owner, file, offset, length, LockKind.Write));
    }

    private ReleaseCounts Release(in ReleaseSelector selector)
    {
        using var gate = state.Enter(effects);
        return state.Releases.Release(gate, selector, false);
    }

    private NfsdCtl.State.Reports.StateCounts Counts()
    {
        using var gate = state.Enter(effects);
        return state.Reports.Counts(gate);
    }

    private static LockRequest Request(int client, ulong owner, FileKey file, ulong offset, ulong length, LockKind kind)
    {
        LockRange.TryFrom(offset, length, out var range);
        return new LockRequest
        {
            Caller = new Caller(NetAddress.FromV4(0x0A090000u + (uint)client), Server, "client-node"u8),
            OwnerId = owner,
            OwnerHandle = "4711@client-node"u8,
            File = file,
            Range = range,
            Kind = kind,
            Handle = "handle"u8,
        };
    }
}
