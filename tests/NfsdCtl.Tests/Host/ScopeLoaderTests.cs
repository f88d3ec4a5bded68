using NfsdCtl.Hosting;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;
using NfsdCtl.Tests.Nlm;
using NfsdCtl.Tests.State;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Tests.Host;

/// <summary>What a server that was stopped finds on a filesystem.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ScopeLoaderTests
{
    private static readonly Scope Here = new(TestHost.Address("10.0.0.1"), StateHarness.FsA);
    private static readonly TestHost Known = TestHost.Of("10.9.0.1", "10.0.0.1", "known");
    private static readonly TestHost Unknown = TestHost.Of("10.9.0.2", "10.0.0.1", "unknown");

    private readonly StateHarness harness = new();
    private readonly MemoryRecords records = new();
    private readonly EffectList effects = new();

    [TestCase(true, ExpectedResult = LockOutcome.Granted)]
    [TestCase(false, ExpectedResult = LockOutcome.NotReclaimable)]
    public LockOutcome A_window_that_was_open_goes_on_for_those_for_whom_it_was(bool anyone)
    {
        Write(new WindowRecord(harness.Time.GetUtcNow().AddSeconds(30), "resume_ip", anyone));
        Load();
        Assert.That(Reclaim(Known, 1), Is.EqualTo(LockOutcome.Granted));
        return Reclaim(Unknown, 2);
    }

    [Test]
    public void A_window_whose_time_is_over_is_not_opened_again()
    {
        Write(new WindowRecord(harness.Time.GetUtcNow().AddSeconds(-1), "resume_ip", true));
        Load();
        Assert.That(Reclaim(Known, 1), Is.EqualTo(LockOutcome.NoGrace));
    }

    private void Write(WindowRecord window)
    {
        records.Remember(Here, new ClientRecord(new ClientName(Known.Client, Known.Name)));
        records.OpenWindow(Here, window);
    }

    private void Load()
    {
        var fileSystem = new FileSystem(StateHarness.FsA, null, new MountEntry(1, 0, "0:1", "/", "/nowhere", "tmpfs", "none"), null);
        var loader = new ScopeLoader(harness.State, records, harness.Time);
        Assert.That(loader.Load(fileSystem, effects, out int known), Is.EqualTo(RecordStatus.Ok));
        Assert.That(known, Is.EqualTo(1));
    }

    private LockOutcome Reclaim(TestHost host, byte file) =>
        harness.Lock(host, 1, StateHarness.File(StateHarness.FsA, file), new LockRange(0, 9), reclaim: true);
}
