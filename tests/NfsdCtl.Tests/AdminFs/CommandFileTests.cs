using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.Tests.AdminFs;

/// <summary>Each file's grammar, answers and errors.</summary>
public sealed class CommandFileTests : AdminFixture
{
    [TestCase("unlock_ip", "10.0.0.1\n", "UnlockIp 10.0.0.1")]
    [TestCase("unlock_ip", " 10.0.0.1 \n\n", "UnlockIp 10.0.0.1")]
    [TestCase("unlock_ip", "\\0610.0.0.1\n", "UnlockIp 10.0.0.1")]
    [TestCase("unlock_ip", "010.0.0.1\n", "UnlockIp 10.0.0.1")]
    [TestCase("unlock_ip", "::ffff:10.0.0.1\n", "UnlockIp 10.0.0.1")]
    [TestCase("unlock_filesystem", "/exp/sp\\040ace\n", "UnlockFileSystem /exp/sp ace")]
    [TestCase("unlock_filesystem", "sub/dir\n", "UnlockFileSystem /home/admin/sub/dir")]
    [TestCase("unlock_export", "/srv\n", "UnlockExport /srv")]
    [TestCase("resume_ip", "10.0.0.1 /srv\n", "ResumeIp 10.0.0.1 /srv -")]
    [TestCase("resume_ip", "10.0.0.1 /srv 10\n", "ResumeIp 10.0.0.1 /srv 10")]
    [TestCase("resume_ip", "10.0.0.1 /srv 3600\n", "ResumeIp 10.0.0.1 /srv 3600")]
    [TestCase("resume_ip", "fd00::1\n", "ResumeIp fd00::1 - -")]
    [TestCase("end_grace", "10.0.0.1 /srv\n", "EndGrace 10.0.0.1 /srv")]
    [TestCase("end_grace", "all\n", "EndAllGrace")]
    [TestCase("export", "/srv *(rw,fsid=1) 10.0.0.0/8(ro)\n", "Export /srv *(rw,fsid=1) 10.0.0.0/8(ro)")]
    [TestCase("unexport", "/srv\n", "Unexport - /srv")]
    [TestCase("unexport", "10.0.0.0/8:/srv\n", "Unexport 10.0.0.0/8 /srv")]
    [TestCase("unexport", "fd00::1:/srv\n", "Unexport fd00::1 /srv")]
    [TestCase("unexport", "*:/srv:/x\n", "Unexport * /srv:/x")]
    [TestCase("filehandle", "* /srv 64\n", "FileHandle * /srv 64")]
    [TestCase("filehandle", "* /srv 128\n", "FileHandle * /srv 64")]
    [TestCase("threads", "8", "Set Threads 8")]
    [TestCase("threads", "0x10\n", "Set Threads 16")]
    [TestCase("threads", "0\n", "Set Threads 0")]
    [TestCase("pool_threads", "4 2\n", "SetPoolThreads 4 2")]
    [TestCase("pool_threads", "4\n", "SetPoolThreads 4")]
    [TestCase("portlist", "tcp 2050\n", "AddListener tcp 2050")]
    public void Orders(string file, string text, string expected)
    {
        Ask(file, text);
        Assert.That(Control.Orders, Is.EqualTo(new[] { expected }));
    }

    [TestCase("unlock_ip", "10.0.0.1", Errno.EINVAL, Description = "no newline")]
    [TestCase("unlock_ip", "\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "10.0.1\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "256.0.0.1\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "localhost\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "10.0.0.1\t\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "10.0.0.1 10.0.0.2\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "0.0.0.0\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "::\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "::ffff:0.0.0.0\n", Errno.EINVAL)]
    [TestCase("unlock_ip", "10.0.0.1\n10.0.0.2\n", Errno.EINVAL)]
    [TestCase("unlock_filesystem", "/srv", Errno.EINVAL)]
    [TestCase("unlock_filesystem", "\n", Errno.EINVAL)]
    [TestCase("unlock_filesystem", "/my dir\n", Errno.EINVAL, Description = "the kernel would take /my")]
    [TestCase("resume_ip", "10.0.0.1 /srv", Errno.EINVAL)]
    [TestCase("resume_ip", "/srv 10.0.0.1\n", Errno.EINVAL)]
    [TestCase("resume_ip", "10.0.0.1 /srv 9\n", Errno.EINVAL)]
    [TestCase("resume_ip", "10.0.0.1 /srv 3601\n", Errno.EINVAL)]
    [TestCase("resume_ip", "10.0.0.1 /srv soon\n", Errno.EINVAL)]
    [TestCase("resume_ip", "10.0.0.1 /srv 90 x\n", Errno.EINVAL)]
    [TestCase("resume_ip", "0.0.0.0 /srv\n", Errno.EINVAL)]
    [TestCase("end_grace", "10.0.0.1\n", Errno.EINVAL)]
    [TestCase("end_grace", "none\n", Errno.EINVAL)]
    [TestCase("export", "\n", Errno.EINVAL)]
    [TestCase("export", "/a *(rw)\n/b *(rw)\n", Errno.EINVAL)]
    [TestCase("unexport", "\n", Errno.EINVAL)]
    [TestCase("filehandle", "* /srv\n", Errno.ENOENT)]
    [TestCase("filehandle", "* /srv 31\n", Errno.EINVAL)]
    [TestCase("filehandle", "* /srv 64 x\n", Errno.EINVAL)]
    [TestCase("filehandle", "* /srv 64", Errno.EINVAL)]
    [TestCase("threads", "\n", Errno.ENOENT)]
    [TestCase("threads", "-1\n", Errno.EINVAL)]
    [TestCase("threads", "2abc\n", Errno.EINVAL)]
    [TestCase("threads", "65536\n", Errno.EINVAL)]
    [TestCase("pool_threads", "1 2 3\n", Errno.EINVAL)]
    [TestCase("pool_threads", "x\n", Errno.EINVAL)]
    [TestCase("portlist", "rdma 20049\n", Errno.EPROTONOSUPPORT)]
    [TestCase("portlist", "tcp 0\n", Errno.EINVAL)]
    [TestCase("portlist", "tcp\n", Errno.EINVAL)]
    [TestCase("portlist", "5\n", Errno.EOPNOTSUPP)]
    [TestCase("v4_end_grace", "Y\n", Errno.EBUSY)]
    [TestCase("nfsv4leasetime", "90\n", Errno.EBUSY)]
    [TestCase("nfsv4gracetime", "nonsense\n", Errno.EBUSY, Description = "before it is parsed")]
    [TestCase("max_block_size", "4096\n", Errno.EBUSY)]
    [TestCase("versions", "+3\n", Errno.EBUSY)]
    public void Refusals_order_nothing_and_say_why(string file, string text, int errno)
    {
        Assert.That(Write(file, text), Is.EqualTo(-errno));
        Assert.That(Control.Orders.Where(o => !o.Contains("EndGrace", StringComparison.Ordinal)), Is.Empty);
        Assert.That(Audit.Single().Message, Is.Not.Empty);
        Assert.That(Audit.Single().Error, Is.EqualTo(errno));
    }

    [Test]
    public void An_address_that_was_never_served_says_whose_address_is_meant()
    {
        Assert.That(Write("unlock_ip", "10.0.0.10\n"), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Audit.Single().Message, Does.Contain("an address of the server is meant"));
    }

    [Test]
    public void A_relative_path_of_an_unknown_process_is_refused()
    {
        int result = Open("unlock_filesystem").Write(0, "dir\n"u8, new Caller(0, 0, 0), CancellationToken.None);
        Assert.That(result, Is.EqualTo(-Errno.ENOENT));
    }

    [Test]
    public void Grace_ends_by_Y_and_says_so()
    {
        Control.IsNlmGraceEnded = false;
        Assert.That(Read("nlm_end_grace"), Is.EqualTo("N\n"));
        Assert.That(Write("nlm_end_grace", "n\n"), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Ask("nlm_end_grace", "Y"), Is.EqualTo("Y\n"));
        Assert.That(Read("nlm_end_grace"), Is.EqualTo("Y\n"));
        Assert.That(Write("nlm_end_grace", "Y\n"), Is.EqualTo(-Errno.EBUSY));
    }

    [Test]
    public void Resume_answers_counts_and_lists_windows()
    {
        Assert.That(Ask("resume_ip", "10.0.0.1 /srv/a\\040b 30\n"), Is.EqualTo("resumed address=10.0.0.1 filesystem=/srv/a\\040b seconds=30 known-clients=2 notified=1\n"));
        Control.GraceList.Add(new GraceReport(Served, FsId.FromNumber(1), "/srv/a b", "resume_ip", false, TimeSpan.FromSeconds(29.9), ["c1"], ["c2", "c3"]));
        Control.GraceList.Add(new GraceReport(default, default, null, "boot", true, TimeSpan.FromSeconds(5), [], []));
        Assert.That(Read("resume_ip"), Is.EqualTo("10.0.0.1 /srv/a\\040b 29 known=3 done=1\nany any 5 known=0 done=0\n"));
    }

    [Test]
    public void A_file_handle_is_hexadecimal() => Assert.That(Ask("filehandle", "* /srv 64\n"), Is.EqualTo("\\x01ab\n"));

    [Test]
    public void Settings_change_before_serving()
    {
        Control.IsServing = false;
        Assert.That(Ask("nfsv4leasetime", "3600\n"), Is.EqualTo("3600\n"));
        Assert.That(Write("nfsv4leasetime", "9\n"), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Write("nfsv4gracetime", "3601\n"), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Ask("max_block_size", "70000\n"), Is.EqualTo("69632\n"));
        Assert.That(Ask("max_block_size", "1\n"), Is.EqualTo("1024\n"));
        Assert.That(Ask("max_block_size", "99999999\n"), Is.EqualTo("1048576\n"));
        Assert.That(Read("nfsv4leasetime"), Is.EqualTo("3600\n"));
    }

    [TestCase("+3\n", "+3\n")]
    [TestCase("3\n", "+3\n")]
    [TestCase("+3 -4 -4.0 -2 -5\n", "+3\n")]
    [TestCase("-3\n", "+3\n", Description = "all off: all on again")]
    public void Versions_that_are_built(string text, string answer)
    {
        Control.IsServing = false;
        Assert.That(Ask("versions", text), Is.EqualTo(answer));
    }

    [TestCase("+4\n")]
    [TestCase("4.1\n")]
    [TestCase("+3 +4.2\n")]
    [TestCase("+2\n")]
    [TestCase("+3.1\n")]
    [TestCase("abc\n")]
    [TestCase("++3\n")]
    [TestCase("+\n")]
    [TestCase("+4.x\n")]
    [TestCase("\n")]
    [TestCase("+3")]
    public void Versions_that_are_not(string text)
    {
        Control.IsServing = false;
        Assert.That(Write("versions", text), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Read("versions"), Is.EqualTo("+3\n"));
    }

    [Test]
    public void Minor_versions_follow_their_major_one()
    {
        Control.IsServing = false;
        Control.VersionList.AddRange([new(4, null, true), new(4, 1, true), new(4, 2, true)]);
        Assert.That(Ask("versions", "-4\n"), Is.EqualTo("+3 -4 -4.1 -4.2\n"));
        Assert.That(Ask("versions", "+4 -4.2\n"), Is.EqualTo("+3 +4 +4.1 -4.2\n"));
        Assert.That(Ask("versions", "+4\n"), Is.EqualTo("+3 +4 +4.1 -4.2\n"), "it is on already");
        Assert.That(Ask("versions", "-4.1\n"), Is.EqualTo("+3 -4 -4.1 -4.2\n"), "the last one");
        Assert.That(Ask("versions", "+4.1\n"), Is.EqualTo("+3 +4 +4.1 -4.2\n"));
    }

    [Test]
    public void Clients_come_and_go()
    {
        Assert.That(Tree.List("/clients"u8), Is.Empty);
        Control.ClientList.Add(new ClientReport(3, "clientid: 0x1\n", "- 0x0: { type: open }\n"));
        Assert.That(Tree.List("/clients"u8)!.Select(n => n.Path), Is.EqualTo(new[] { "/clients/3" }));
        Assert.That(Tree.List("/clients/3"u8)!.Select(n => (n.Path, n.Mode)), Is.EqualTo(new[]
        {
            ("/clients/3/info", 0x100u), ("/clients/3/states", 0x100u), ("/clients/3/ctl", 0x80u),
        }));
        Assert.That(Read("clients/3/info"), Is.EqualTo("clientid: 0x1\n"));
        Assert.That(Read("clients/3/states"), Does.Contain("type: open"));
        Assert.That(Tree.Find("/clients/03/x"u8), Is.Null);
        var late = Open("clients/3/ctl");
        Assert.That(Write("clients/3/ctl", "expire"), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Ask("clients/3/ctl", "expire\n"), Is.EqualTo("released client=3 locks=3 waiters=2 shares=1 opens=0 delegations=0 sessions=0 clients=1 ms=1.5\n"));
        Assert.That(Audit[^1], Is.EqualTo(Audit[^1] with { File = "clients/3/ctl", Command = "expire", Error = 0 }));
        Assert.That(Read("last/ctl"), Does.Contain("answer: \"released client=3 locks=3"));
        Assert.That(Write(late, "expire\n"), Is.EqualTo(-Errno.ENXIO));
        Assert.That(Tree.Find("/clients/3"u8), Is.Null);
    }
}
