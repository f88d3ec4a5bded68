using System.Text.Json;
using NfsdCtl.Control;

namespace NfsdCtl.Tests.AdminFs;

/// <summary>The texts of the reports: those of the kernel to the letter, ours one record a line.</summary>
public sealed class ReportFileTests : AdminFixture
{
    private static readonly FileKey File = new(FsId.FromNumber(1), 1, [1, 2, 3, 4]);

    private static LockReport Lock(string? path, ulong start, ulong? end, string owner) =>
        new(path, File, start, end, true, owner, "c1 (10.0.0.9)", "nlm", Served, TimeSpan.FromSeconds(12.9));

    [Test]
    public void The_kernels_texts()
    {
        Control.ExportList.Add(new ExportEntry("/exp/f s", "10.0.0.0/8", "rw,insecure,no_root_squash", FsId.FromNumber(1)));
        Assert.That(Read("exports"), Is.EqualTo("# Version 1.1\n# Path Client(Flags) # IPs\n/exp/f\\040s\t10.0.0.0/8(rw,insecure,no_root_squash)\n"));
        Assert.That(Read("export_stats"), Is.EqualTo(
            "# Version 1.1\n# Path Client Start-time\n#\tStats\n/exp/f\\040s\t10.0.0.0/8\t1700000000\n\tfh_stale: 1\n\tio_read: 2\n\tio_write: 3\n\n"));
        Assert.That(Read("export_features"), Is.EqualTo("0x661f 0xf\n"));
        Assert.That(Read("pool_stats"), Is.EqualTo("# pool packets-arrived sockets-enqueued threads-woken threads-timedout\n0 10 2 3 0\n1 20 4 5 0\n"));
        Assert.That(Read("reply_cache_stats"), Is.EqualTo(
            "max entries:           1024\nnum entries:           5\nhash buckets:          64\nmem usage:             4096\ncache hits:            7\n"
            + "cache misses:          8\nnot cached:            9\npayload misses:        0\nlongest chain len:     2\ncachesize at longest:  3\n"));
        Assert.That(Read("filecache"), Is.EqualTo(
            "total inodes:  1\nhash buckets:  2\nlru entries:   3\ncache hits:    4\nacquisitions:  5\nallocations:   6\nreleases:      0\nevictions:     7\nmean age (ms): -\n"));
        Assert.That(Read("threads"), Is.EqualTo("32\n"));
        Assert.That(Read("pool_threads"), Is.EqualTo("16 16\n"));
        Assert.That(Read("versions"), Is.EqualTo("+3\n"));
        Assert.That(Read("portlist"), Is.EqualTo("tcp 2049\nudp 2049\n"));
        Assert.That(Read("v4_end_grace"), Is.EqualTo("Y\n"));
        Assert.That(Read("supported_krb5_enctypes"), Is.Empty);
    }

    [Test]
    public void Locks_are_one_record_a_line_whatever_their_names_hold()
    {
        Control.LockList.Add(Lock("/srv/a\n\"b\\ü", 0, null, "svid=1"));
        Control.LockList.Add(Lock(null, 5, 9, "svid=2"));
        string[] lines = Read("locks").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines, Is.All.StartsWith("- {"));
        using var first = JsonDocument.Parse(lines[0][2..]);
        Assert.That(first.RootElement.GetProperty("path").GetString(), Is.EqualTo("/srv/a\n\"b\\ü"));
        Assert.That(first.RootElement.GetProperty("last").GetString(), Is.EqualTo("eof"));
        Assert.That(lines[1], Is.EqualTo(
            "- {\"path\":null,\"file\":\"fsid=1:01:01020304\",\"first\":5,\"last\":9,\"kind\":\"write\",\"owner\":\"svid=2\",\"client\":\"c1 (10.0.0.9)\",\"protocol\":\"nlm\",\"server\":\"10.0.0.1\",\"age\":12,\"waiters\":0}"));
    }

    [Test]
    public void Waiters_name_their_blockers()
    {
        Control.WaiterList.Add(new WaiterReport(Lock("/a", 0, 9, "svid=2"), [Lock("/a", 5, null, "svid=1")]));
        using var record = JsonDocument.Parse(Read("waiters").TrimEnd()[2..]);
        Assert.That(record.RootElement.GetProperty("owner").GetString(), Is.EqualTo("svid=2"));
        Assert.That(record.RootElement.GetProperty("blockers")[0].GetProperty("owner").GetString(), Is.EqualTo("svid=1"));
    }

    [Test]
    public void Windows_hosts_and_scopes()
    {
        Control.GraceList.Add(new GraceReport(Served, FsId.FromNumber(7), "/srv", "resume_ip", true, TimeSpan.FromSeconds(8.2), ["a"], ["b"]));
        Control.HostList.Add(new HostReport(Served, NetAddress.FromV4(0x0A000009), "c1", true, 3, 4, 5, 6, TimeSpan.FromSeconds(7)));
        Control.ScopeList.Add(new ScopeReport(Served, FsId.FromNumber(7), "/srv", "grace", 2, 1, 4, 5, 6));
        Assert.That(Read("grace"), Is.EqualTo(
            "- {\"server\":\"10.0.0.1\",\"filesystem\":\"fsid=7\",\"path\":\"/srv\",\"reason\":\"resume_ip\",\"reclaim\":\"anyone\",\"seconds_left\":8,\"done\":[\"a\"],\"missing\":[\"b\"]}\n"));
        Assert.That(Read("hosts"), Is.EqualTo(
            "- {\"server\":\"10.0.0.1\",\"client\":\"10.0.0.9\",\"caller_name\":\"c1\",\"monitored\":true,\"state\":3,\"locks\":4,\"waiters\":5,\"shares\":6,\"idle\":7}\n"));
        Assert.That(Read("scopes"), Is.EqualTo(
            "- {\"server\":\"10.0.0.1\",\"filesystem\":\"fsid=7\",\"path\":\"/srv\",\"state\":\"grace\",\"epoch\":2,\"records\":1,\"locks\":4,\"waiters\":5,\"shares\":6}\n"));
        Assert.That(Read("leases"), Is.Empty);
    }

    [Test]
    public void Settings_are_one_a_line()
    {
        Control.SettingList.AddRange([new SettingEntry("nfsd", "host", ""), new SettingEntry("nfsd", "port", "2049")]);
        Assert.That(Read("settings"), Is.EqualTo(
            "- {\"section\":\"nfsd\",\"key\":\"host\",\"value\":\"\"}\n- {\"section\":\"nfsd\",\"key\":\"port\",\"value\":\"2049\"}\n"));
    }

    [Test]
    public void Status_is_one_mapping() => Assert.That(Read("status"), Does.StartWith(
        "version: \"0.1.0\"\npid: 4711\nuptime: 61\nserving: true\nthreads: 32\naddresses: [\"10.0.0.1\"]\nlisteners: [\"tcp *:2049\", \"udp *:2049\"]\n"));
}
