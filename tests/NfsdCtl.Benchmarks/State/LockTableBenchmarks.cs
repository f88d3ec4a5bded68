using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using NfsdCtl.State;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;

namespace NfsdCtl.Benchmarks.State;

/// <summary>
/// The lock table with a million locks of a thousand hosts over a hundred thousand files, four server addresses; gate entries and the
/// clock included. Bytes per lock, the time of a release and the sweep behind it are printed by the set-up.
/// </summary>
[MemoryDiagnoser]
public class LockTableBenchmarks
{
    private const int Hosts = 1000;
    private static readonly FsId FileSystem = FsId.FromNumber(1);

    private readonly EffectList effects = new();
    private ServerState state = null!;
    private int next;

    /// <summary>1,000,000: the goal of the project; 0: an empty table.</summary>
    [Params(0, 1_000_000)]
    public int Locks { get; set; }

    /// <summary>True: 100,000 files of 10 locks each; false: one file.</summary>
    [Params(true, false)]
    public bool Spread { get; set; }

    private int Files => Spread ? 100_000 : 1;

    [GlobalSetup]
    public void Setup()
    {
        state = new ServerState(new StateOptions(), TimeProvider.System);
        long before = GC.GetTotalMemory(true);
        var watch = Stopwatch.StartNew();
        Fill();
        double acquire = watch.Elapsed.TotalNanoseconds / Math.Max(1, Locks);
        long bytes = (GC.GetTotalMemory(true) - before) / Math.Max(1, Locks);
        watch.Restart();
        ReleaseCounts counts;
        using (var gate = state.Enter(effects))
            counts = state.Releases.Release(gate, ReleaseSelector.Address(ServerOf(1)), false);
        double release = watch.Elapsed.TotalMilliseconds;
        effects.Clear();
        watch.Restart();
        int slices = 0;
        double longest = 0;
        while (effects.NextDue == 0)
        {
            long begin = Stopwatch.GetTimestamp();
            state.Enter(effects).Dispose();
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
            slices++;
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"// {Locks} locks in {Files} files: {bytes} bytes a lock, {acquire:f0} ns to acquire; release of one address of four: {counts.Locks} locks in {release:f2} ms, swept in {watch.Elapsed.TotalMilliseconds:f0} ms, {slices} slices, the longest {longest:f0} us"));
        Fill();
    }

    /// <summary>One LOCK and one UNLOCK beside the locks that are there.</summary>
    [Benchmark]
    public LockOutcome LockAndUnlock()
    {
        next = (next + 7919) % 1_000_000;
        var request = Request(next, FreeByte(next));
        LockOutcome outcome;
        effects.Clear();
        using (var gate = state.Enter(effects))
            outcome = state.Locks.Lock(gate, request, out _);
        using (var gate = state.Enter(effects))
            state.Locks.Unlock(gate, request);
        return outcome;
    }

    /// <summary>TEST against a held lock.</summary>
    [Benchmark]
    public LockOutcome TestConflict()
    {
        next = (next + 7919) % 1_000_000;
        var request = Request(next, HeldByte(next));
        request.OwnerId = ulong.MaxValue;
        using var gate = state.Enter(effects);
        return state.Locks.Test(gate, request);
    }

    internal void Fill()
    {
        for (int i = 0; i < Math.Max(Locks, Hosts); i++)
        {
            effects.Clear();
            var request = Request(i, HeldByte(i));
            using var gate = state.Enter(effects);
            if (state.Locks.Lock(gate, request, out var ticket) != LockOutcome.NeedsRecord)
                continue;
            state.Clients.Recorded(gate, ticket.Need, true);
            state.Locks.Lock(gate, request, out _);
        }
    }

    // In one file each lock has a place of its own; in many files ten locks share a file.
    private ulong HeldByte(int i) => (ulong)(Spread ? i / 100_000 : i) * 16;

    private ulong FreeByte(int i) => HeldByte(i) + 8;

    private static NetAddress ServerOf(int i) => NetAddress.FromV4(0x0A000000u + (uint)(i % 4));

    private LockRequest Request(int i, ulong start)
    {
        int file = i % Files;
        return Request(i, start, new FileKey(FileSystem, 1, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in file))));
    }

    private static LockRequest Request(int i, ulong start, FileKey file) => new()
    {
        Caller = new Caller(NetAddress.FromV4(0x0A090000u + (uint)(i % Hosts)), ServerOf(i % Hosts), "client-node"u8),
        OwnerId = 4711,
        OwnerHandle = "4711@client-node"u8,
        File = file,
        Range = new LockRange(start, start),
        Kind = LockKind.Write,
        Handle = "handle"u8,
    };
}

/// <summary>The question that each lock request asks, with the most windows there can be.</summary>
[MemoryDiagnoser]
public class GraceBenchmarks
{
    private readonly EffectList effects = new();
    private readonly ServerState state = new(new StateOptions(), TimeProvider.System);

    [Params(0, 1, 1024)]
    public int Windows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        for (uint i = 0; i < Windows; i++)
        {
            var scope = new Scope(NetAddress.FromV4(0x0A000000u + i), FsId.FromNumber(2));
            using var gate = state.Enter(effects);
            state.Grace.Open(gate, new WindowRequest(scope, TimeSpan.FromHours(1), "benchmark", true, true), out _);
        }
        effects.Clear();
    }

    [Benchmark]
    public Admission Admit()
    {
        using var gate = state.Enter(effects);
        return state.Grace.Admit(
            gate, new Scope(NetAddress.FromV4(0x0A000001), FsId.FromNumber(1)), RequestKind.NewLock,
            new Caller(NetAddress.FromV4(0x0A090001), NetAddress.FromV4(0x0A000001), "client-node"u8));
    }
}
