using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Configuration;
using NfsdCtl.Control;
using NfsdCtl.Hosting;
using NfsdCtl.Linux;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;
using NfsdCtl.Tests.State;
using NfsdCtl.Tests.State.Nfs4;

namespace NfsdCtl.Tests.Control;

/// <summary>Orders and queries of a server that was put together and not started.</summary>
public sealed class ServerControlTests
{
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);

    private string directory = "";
    private ServerParts parts = null!;
    private ServerControl control = null!;
    private StateHarness harness = null!;

    [SetUp]
    public void PutTogether()
    {
        directory = Directory.CreateTempSubdirectory("nfsdctl-control-").FullName;
        var time = new FakeTimeProvider();
        parts = new ServerParts(new ServerSettings { StateDirectory = directory }, time, NullLoggerFactory.Instance);
        control = new ServerControl(parts, new ScopeLoader(parts.State, parts.Records, time), new Listeners(parts));
        harness = new StateHarness(parts.State, time);
    }

    [TearDown]
    public void TakeApart()
    {
        parts.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static Order Order(bool dryRun = false) => new(default, dryRun);

    [Test]
    public void The_end_of_a_client_counts_what_it_held()
    {
        var client = new TestNfs4Client(harness, "10.0.0.1", "c").Connect();
        Assert.That(client.Open("o", File, ShareAccess.Both, ShareDeny.None, out var open), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Lock("o", "l", File, open, new LockRange(0, 9), out _), Is.EqualTo(Nfs4Status.Ok));
        long id = control.Clients().Single();

        var tried = control.ExpireClient(id, Order(dryRun: true));
        Assert.That(tried.Value, Is.EqualTo(new ReleaseReport($"{id}", 1, 0, 0, 1, 0, 1, 1, TimeSpan.Zero)));
        Assert.That(control.Clients(), Has.Count.EqualTo(1), "a dry run changes nothing");

        var done = control.ExpireClient(id, Order());
        Assert.That(done.Value, Is.EqualTo(tried.Value));
        Assert.That(control.Clients(), Is.Empty);
        Assert.That(control.ExpireClient(id, Order()).Error, Is.EqualTo(new ControlError(Errno.ENXIO, $"there is no NFSv4 client {id}")));
    }

    [Test]
    public void The_settings_are_those_in_force()
    {
        Assert.That(control.Set(Setting.GraceTime, 33, Order()).Ok);
        Assert.That(control.SetVersions([new(3, null, true), new(4, null, true), new(4, 1, true)], Order()).Ok);
        var settings = control.Settings().ToDictionary(s => $"{s.Section}.{s.Key}", s => s.Value);
        Assert.That(settings.Keys, Is.EqualTo(SettingTable.All.Select(d => $"{d.Section}.{d.Key}")));
        Assert.That((settings["nfsd.grace-time"], settings["nfsd.lease-time"], settings["nfsdctl.state-dir"]), Is.EqualTo(("33", "90", directory)));
        Assert.That((settings["nfsd.vers4.0"], settings["nfsd.vers4.1"], settings["nfsd.vers4.2"]), Is.EqualTo(("n", "y", "n")));
    }

    [Test]
    public void A_client_that_holds_nothing_counts_as_one_too()
    {
        new TestNfs4Client(harness, "10.0.0.1", "c").Connect();
        var done = control.ExpireClient(control.Clients().Single(), Order());
        Assert.That((done.Value!.Sessions, done.Value.Clients), Is.EqualTo((1, 1)));
    }
}
