using System.Net;
using System.Net.Sockets;
using NfsdCtl.Commands;
using NfsdCtl.Configuration;
using NfsdCtl.Hosting;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.SystemTests.Nlm;
using NfsdCtl.TestKit;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.SystemTests.Host;

/// <summary>The server as its administrator meets it: a process with arguments, files, signals and an exit code.</summary>
[NonParallelizable]
public sealed class ServeTests
{
    private string directory = "";
    private string data = "";

    private string Export => $"{data} *(rw,no_root_squash,insecure,fsid=4711)\n";

    [SetUp]
    public void MakeDirectories()
    {
        directory = Directory.CreateTempSubdirectory("nfsdctl-serve-").FullName;
        data = Path.Combine(directory, "data");
        Directory.CreateDirectory(data);
        Run("mount", "-t", "tmpfs", "none", data);
    }

    [TearDown]
    public void RemoveDirectories()
    {
        Shell.Run(TimeSpan.FromSeconds(10), null, "umount", "-l", data);
        Directory.Delete(directory, recursive: true);
    }

    private static void Run(string command, params string[] arguments)
    {
        var result = Shell.Run(TimeSpan.FromSeconds(20), null, command, arguments);
        Assert.That(result.Status, Is.Zero, result.ToString());
    }

    private string Refused(string exports, params string[] arguments)
    {
        using var server = new ServerProcess(directory, exports, arguments);
        Assert.That(server.WaitForExit(), Is.EqualTo(1), server.Errors);
        return server.Errors;
    }

    [TestCase("20", "21", true)]
    [TestCase("20", "20", false)]
    public void A_grace_period_shorter_than_a_lease_is_warned_of(string grace, string lease, bool warned)
    {
        using var server = new ServerProcess(directory, Export, "--grace", grace, "--lease", lease).WaitUntilReady();
        if (warned)
            Assert.That(() => server.Errors, Does.Contain("grace-time (20 s) is shorter than lease-time (21 s)").After(5000, 50));
        else
            Assert.That(server.Errors, Does.Not.Contain("shorter"));
    }

    [Test]
    public void The_configuration_shown_is_the_one_in_force()
    {
        using var server = new ServerProcess(directory, Export, "--set", "nfsd.max-slots=8").WaitUntilReady();
        File.WriteAllText(Path.Combine(server.AdminMount, "threads"), "0\n");
        File.WriteAllText(Path.Combine(server.AdminMount, "nfsv4gracetime"), "33\n");
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var mount = new SettingOverride("--admin-mount", "nfsdctl:admin-mount", server.AdminMount);
        Assert.That(ServerHost.ShowConfig(new ServeOptions(null, [mount]), output, errors), Is.Zero);
        Assert.That(errors.ToString(), Is.Empty);
        Assert.That(output.ToString(), Does.Contain("grace-time = 33\n").And.Contain("max-slots = 8\n").And.Contain("host = 127.0.0.1\n"));
    }

    [Test]
    public void It_says_that_it_is_ready_serves_and_ends_cleanly([Values("TERM", "INT")] string signal)
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.Multiple(() =>
        {
            Assert.That(server["addresses"], Is.EqualTo("127.0.0.1"));
            Assert.That(server.Port("nfs"), Is.Positive);
            Assert.That(server.Read("status"), Does.Contain("serving: true"));
            Assert.That(server.Read("exports"), Does.Contain(data));
        });
        server.Signal(signal);
        Assert.Multiple(() =>
        {
            Assert.That(server.WaitForExit(), Is.Zero, server.Errors);
            Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Not.Contain(server.AdminMount));
        });
    }

    [Test]
    public void Mistakes_in_the_exports_are_all_named_with_their_places()
    {
        string errors = Refused($"{data} *(rw,fsid=1,wrong)\n{data}/none *(ro)\nrelative *(ro)\n");
        Assert.That(errors, Does.Contain("exports:1:").And.Contain("wrong").And.Contain("exports:3:1").And.Not.Contain("   at "));
    }

    [Test]
    public void An_export_that_is_not_there_is_named_with_its_place() =>
        Assert.That(Refused($"{data}/none *(ro)\n"), Does.Contain("exports:1:").And.Contain("does not exist").And.Not.Contain("   at "));

    [Test]
    public void Mistakes_in_the_settings_are_named_with_their_places()
    {
        string file = Path.Combine(directory, "nfsdctl.conf");
        File.WriteAllText(file, "[nfsd]\nthreads = none\n");
        Assert.That(Refused(Export, "--config", file), Does.Contain($"{file}:2:11: ").And.Contain("threads"));
    }

    [Test]
    public void A_port_in_use_is_named_with_the_remedy()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        string errors = Refused(Export, "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.That(errors, Does.Contain($"port {port} is in use").And.Contain("another port").And.Not.Contain("   at "));
    }

    [Test]
    public void An_address_that_is_not_here_is_named() =>
        Assert.That(Refused(Export, "--host", "192.0.2.1"), Does.Contain("192.0.2.1").And.Contain("not on this machine").And.Not.Contain("   at "));

    [Test]
    public void Two_servers_work_side_by_side_and_never_share_their_state()
    {
        using var first = new ServerProcess(directory, Export).WaitUntilReady();
        string secondPlace = Directory.CreateDirectory(Path.Combine(directory, "second")).FullName;
        using var second = new ServerProcess(secondPlace, Export, "--host", "127.0.0.2").WaitUntilReady();
        Assert.Multiple(() =>
        {
            Assert.That(first.Read("status"), Does.Contain($"pid: {first.Id}"));
            Assert.That(second.Read("status"), Does.Contain($"pid: {second.Id}").And.Contain("127.0.0.2"));
        });
        string thirdPlace = Directory.CreateDirectory(Path.Combine(directory, "third")).FullName;
        using var third = new ServerProcess(thirdPlace, Export, "--host", "127.0.0.3", "--state-dir", Path.Combine(directory, "state"));
        Assert.That(third.WaitForExit(), Is.EqualTo(1));
        Assert.That(third.Errors, Does.Contain("--state-dir"));
    }

    [Test]
    public void SIGHUP_loads_the_exports_again_and_a_mistake_leaves_the_old_ones()
    {
        string sub = Directory.CreateDirectory(Path.Combine(data, "sub")).FullName;
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        File.WriteAllText(server.ExportsFile, Export + $"{sub} *(ro,nonsense)\n");
        server.Signal("HUP");
        Assert.That(ServerProcess.Eventually(() => server.Errors.Contains("exports:2:", StringComparison.Ordinal)), server.Errors);
        Assert.That(server.Read("exports"), Does.Contain(data + "\t").And.Not.Contain(sub));
        File.WriteAllText(server.ExportsFile, Export + $"{sub} *(ro,fsid=4711)\n");
        server.Signal("HUP");
        Assert.That(ServerProcess.Eventually(() => server.Read("exports").Contains(sub, StringComparison.Ordinal)), server.Errors);
    }

    [Test]
    public void Exports_change_at_once_through_the_admin_files()
    {
        string sub = Directory.CreateDirectory(Path.Combine(data, "sub")).FullName;
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.That(server.Write("export", $"{sub} 127.0.0.0/8(ro,fsid=4711)"), Is.Zero, server.Errors);
        Assert.That(server.Read("exports"), Does.Contain(sub));
        Assert.That(server.Write("export", $"{sub} *(ro,nonsense)"), Is.EqualTo(22));
        Assert.That(server.Write("unexport", sub), Is.Zero, server.Errors);
        Assert.That(server.Read("exports"), Does.Not.Contain(sub));
        Assert.That(server.Write("unexport", sub), Is.EqualTo(2));
    }

    [Test]
    public void A_path_that_was_exported_before_its_disk_came_is_exported_again_on_the_disk_with_its_options()
    {
        string bare = Directory.CreateDirectory(Path.Combine(data, "disk")).FullName;
        string configured = $"{bare} *(rw,no_root_squash,insecure,fsid=4712)";
        using var server = new ServerProcess(directory, configured + "\n").WaitUntilReady();
        string before = server.Read("exports");
        using (OnDisk(bare))
        {
            Assert.That(server.Write("export", bare), Is.Zero, server.Errors);
            Assert.That(server.Read("exports"), Is.EqualTo(before));
            MakeFile(server, bare);
            Assert.That(File.Exists(Path.Combine(bare, "file")), Is.True);
            Assert.That(server.Write("resume_ip", $"127.0.0.1 {bare} 10"), Is.Zero, server.Errors);
            Assert.That(Directory.Exists(Path.Combine(bare, ".nfsdctl", "scopes")), Is.True, "the records are on the disk");
        }
        Assert.That(File.Exists(Path.Combine(bare, "file")), Is.False);
    }

    [Test]
    public void What_an_order_exported_is_exported_again_after_a_crash_and_its_clients_may_reclaim()
    {
        NlmLock held;
        using (var server = new ServerProcess(directory, "").WaitUntilReady())
        {
            Assert.That(server.Write("export", Export.TrimEnd()), Is.Zero, server.Errors);
            using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("lockd")));
            held = new NlmLock(MakeFile(server), Offset: 0, Length: 10);
            Assert.That(new NlmClient(locks).Lock(held), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
            server.Signal("KILL");
            server.WaitForExit();
        }
        using (var next = new ServerProcess(directory, "").WaitUntilReady())
        {
            Assert.That(next.Read("exports"), Does.Contain(data + "\t*(rw,insecure,no_root_squash,"));
            Assert.That(next.Read("nlm_end_grace"), Does.StartWith("N"), "the grace period of the start");
            using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, next.Port("lockd")));
            var client = new NlmClient(locks);
            Assert.That(client.Lock(held with { Offset = 100 }), Is.EqualTo(nlm4_stats.NLM4_DENIED_GRACE_PERIOD));
            Assert.That(client.Lock(held with { Reclaim = true }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
        }
    }

    [Test]
    public void What_an_order_exported_stays_over_SIGHUP_and_restarts_until_it_is_unexported()
    {
        string sub = Directory.CreateDirectory(Path.Combine(data, "sub")).FullName;
        using (var server = new ServerProcess(directory, Export).WaitUntilReady())
        {
            Assert.That(server.Write("export", $"{sub} 127.0.0.0/8(ro,fsid=4711)"), Is.Zero, server.Errors);
            Assert.That(server.Write("export", $"{sub} 127.0.0.1(ro,fsid=4711)"), Is.Zero, server.Errors);
            File.WriteAllText(server.ExportsFile, $"{data} *(ro,fsid=4711)\n");
            server.Signal("HUP");
            Assert.That(ServerProcess.Eventually(() => server.Read("exports").Contains(data + "\t*(ro,", StringComparison.Ordinal)), server.Errors);
            Assert.That(server.Read("exports"), Does.Contain(sub + "\t127.0.0.0/8(ro,").And.Contain(sub + "\t127.0.0.1(ro,"));
            Assert.That(server.Write("unexport", $"127.0.0.1:{sub}"), Is.Zero, server.Errors);
        }
        using (var second = new ServerProcess(directory, Export).WaitUntilReady())
        {
            Assert.That(second.Read("exports"), Does.Contain(sub + "\t127.0.0.0/8(ro,").And.Not.Contain(sub + "\t127.0.0.1("));
            Assert.That(second.Write("unexport", sub), Is.Zero, second.Errors);
        }
        using (var third = new ServerProcess(directory, Export).WaitUntilReady())
            Assert.That(third.Read("exports"), Does.Not.Contain(sub));
    }

    [Test]
    public void What_an_order_exported_is_not_exported_on_a_bare_mount_point_but_again_when_its_disk_is_back()
    {
        using var disk = TestFileSystem.Ext4(16);
        string home = disk.MountPoint;
        using (var server = new ServerProcess(directory, Export).WaitUntilReady())
            Assert.That(server.Write("export", $"{home} *(rw,fsid=4712)"), Is.Zero, server.Errors);
        disk.MoveTo("elsewhere");
        using (var next = new ServerProcess(directory, Export).WaitUntilReady())
        {
            Assert.That(next.Read("exports"), Does.Not.Contain(home));
            Assert.That(() => next.Errors, Does.Contain($"{home} was exported to * by an order").And.Contain($"not mounted on {home}").After(5000, 50));
            Assert.That(Directory.EnumerateFileSystemEntries(home), Is.Empty);
            disk.MoveTo(Path.GetFileName(home));
            next.Signal("HUP");
            Assert.That(ServerProcess.Eventually(() => next.Read("exports").Contains(home, StringComparison.Ordinal)), next.Errors);
        }
        disk.MoveTo("elsewhere");
        using (var last = new ServerProcess(directory, Export).WaitUntilReady())
        {
            Assert.That(last.Write("unexport", home), Is.Zero, last.Errors);
            Assert.That(last.Write("unexport", home), Is.EqualTo(2));
            Assert.That(File.ReadAllText(Path.Combine(directory, "state", "exports")), Does.Not.Contain(home));
        }
    }

    [Test]
    public void Lines_in_the_state_directory_that_are_no_exports_are_named_and_the_others_are_exported()
    {
        string state = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "state")).FullName, "exports");
        File.WriteAllText(state, $"nonsense\n\0\xff\nnone / /x\nnone {data} {data} *(rw,fsid=4711,nonsense)\nnone {data} {data} *(rw,fsid=4711)\n");
        using var server = new ServerProcess(directory, "").WaitUntilReady();
        Assert.That(() => server.Errors, Does.Contain($"{state}:1: ").And.Contain($"{state}:2: ").And.Contain($"{state}:3: ").And.Contain($"{state}:4: ").After(5000, 50));
        Assert.That(server.Read("exports"), Does.Contain(data + "\t*(rw,"));
    }

    [Test]
    public void An_export_that_cannot_be_kept_is_not_made()
    {
        using var server = new ServerProcess(directory, "").WaitUntilReady();
        Directory.CreateDirectory(Path.Combine(directory, "state", "exports.new"));
        Assert.That(server.Write("export", Export.TrimEnd()), Is.EqualTo(21), "EISDIR");
        Assert.That(server.Read("exports"), Does.Not.Contain(data));
        Assert.That(server.Read("last/export"), Does.Contain("state directory"));
    }

    [Test]
    public void Unlock_ip_takes_server_addresses_only()
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.Multiple(() =>
        {
            Assert.That(server.Write("unlock_ip", "127.0.0.1"), Is.Zero);
            Assert.That(server.Write("unlock_ip", "::ffff:127.0.0.1"), Is.Zero);
            Assert.That(server.Write("unlock_ip", "127.0.0.10"), Is.EqualTo(22));
            Assert.That(server.Write("unlock_ip", "0.0.0.0"), Is.EqualTo(22));
            Assert.That(server.Write("unlock_ip", "localhost"), Is.EqualTo(22));
            Assert.That(server.Errors, Does.Contain("server address"));
        });
    }

    [Test]
    public void No_descriptor_is_left_on_a_filesystem_that_was_unexported_and_unlocked()
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.That(server.Write("resume_ip", $"127.0.0.1 {data} 10"), Is.Zero, server.Errors);
        Assert.That(server.Write("unexport", data), Is.Zero);
        Assert.That(server.Write("unlock_filesystem", data), Is.Zero, server.Errors);
        Run("umount", data);
    }

    [Test]
    public void A_dry_run_of_resume_ip_says_who_may_reclaim_and_changes_nothing()
    {
        using var disk = TestFileSystem.Ext4(16);
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.That(server.Write("export", $"{disk.MountPoint} *(rw,no_root_squash,insecure)"), Is.Zero, server.Errors);
        using (var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("lockd"))))
            Assert.That(new NlmClient(locks).Lock(new NlmLock(MakeFile(server, disk.MountPoint), Offset: 0, Length: 10)), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
        Assert.That(server.Write("resume_ip", $"127.0.0.1 {disk.MountPoint} 300"), Is.Zero, server.Errors);
        Assert.That(server.Write("unexport", disk.MountPoint), Is.Zero, server.Errors);
        Assert.That(server.Write("unlock_filesystem", disk.MountPoint), Is.Zero, server.Errors);
        disk.MoveTo("other");
        Assert.That(server.Read("grace"), Is.Empty);
        string scopes = server.Read("scopes");

        Assert.That(server.Write("resume_ip", $"--dry-run 127.0.0.1 {disk.MountPoint} 300"), Is.Zero, server.Errors);
        Assert.That(server.Read("last/resume_ip"), Does.Contain("known-clients=1"));
        Assert.That(server.Read("grace"), Is.Empty, "the window that is open on the disk is not opened");
        Assert.That(server.Read("scopes"), Is.EqualTo(scopes));
        Run("umount", disk.MountPoint);
        Run("mount", "-t", "tmpfs", "none", disk.MountPoint);
    }

    [Test]
    public void A_killed_server_leaves_a_mount_that_the_next_one_cleans()
    {
        using (var server = new ServerProcess(directory, Export).WaitUntilReady())
        {
            server.Signal("KILL");
            server.WaitForExit();
            Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Contain(server.AdminMount));
        }
        using var next = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.That(next.Read("status"), Does.Contain($"pid: {next.Id}"));
    }

    [Test]
    public void Threads_0_stops_serving_and_another_number_serves_again_on_the_same_ports()
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        int port = server.Port("nfs");
        Assert.That(server.Write("threads", "0"), Is.Zero);
        Assert.That(() => Connect(port), Throws.InstanceOf<SocketException>());
        Assert.That(server.Read("portlist"), Is.Empty);
        Assert.That(server.Write("threads", "8"), Is.Zero, server.Errors);
        Assert.That(() => Connect(port), Throws.Nothing);
        Assert.That(server.Read("threads"), Is.EqualTo("8\n"));
    }

    [TestCase("nfsv4leasetime", "45", "45\n")]
    [TestCase("nfsv4gracetime", "60", "60\n")]
    [TestCase("max_block_size", "70000", "69632\n")]
    public void What_clients_rely_on_changes_only_while_nothing_is_served(string file, string value, string then)
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.That(server.Write(file, value), Is.EqualTo(16), "EBUSY");
        Assert.That(server.Write("threads", "0"), Is.Zero);
        Assert.That(server.Write(file, value), Is.Zero, server.Errors);
        Assert.That(server.Write("threads", "8"), Is.Zero);
        Assert.That(server.Read(file), Is.EqualTo(then));
    }

    [Test]
    public void A_port_that_is_added_while_nothing_is_served_is_opened_with_the_others()
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        int port = server.Port("nfs");
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        int further = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        Assert.That(server.Write("threads", "0"), Is.Zero);
        Assert.That(server.Write("portlist", $"tcp {port}"), Is.Zero, "that of before, as the kernel's tools write it");
        Assert.That(server.Write("portlist", $"tcp {further}"), Is.Zero);
        Assert.That(server.Read("threads"), Is.EqualTo("0\n"));
        Assert.That(() => Connect(further), Throws.InstanceOf<SocketException>());
        Assert.That(server.Write("threads", "8"), Is.Zero, server.Errors);
        foreach (int open in new[] { port, further, server.Port("mountd"), server.Port("lockd") })
            Assert.That(() => Connect(open), Throws.Nothing);
        Assert.That(server.Write("portlist", $"tcp {further}"), Is.EqualTo(98), "EADDRINUSE");
    }

    [Test]
    public void Without_anything_to_reclaim_there_is_no_grace_period()
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        Assert.Multiple(() =>
        {
            Assert.That(server.Read("grace"), Is.Empty);
            Assert.That(server.Read("nlm_end_grace"), Does.StartWith("Y"));
            Assert.That(server.Write("nlm_end_grace", "Y"), Is.EqualTo(16));
        });
    }

    [Test]
    public void With_records_dir_a_scopes_records_are_there_and_nothing_is_on_its_filesystem()
    {
        string records = Path.Combine(directory, "records");
        string config = Path.Combine(directory, "conf");
        File.WriteAllText(config, $"[nfsdctl]\nrecords-dir = {records}\n");
        NlmLock held;
        using (var server = new ServerProcess(directory, Export, "--config", config).WaitUntilReady())
        {
            using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("lockd")));
            held = new NlmLock(MakeFile(server), Offset: 0, Length: 10);
            Assert.That(new NlmClient(locks).Lock(held), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
            Assert.That(Directory.EnumerateFiles(records, "*", SearchOption.AllDirectories), Is.Not.Empty);
            Assert.That(Directory.EnumerateFileSystemEntries(data, ".nfsdctl*"), Is.Empty);
            server.Signal("KILL");
            server.WaitForExit();
        }
        using (var next = new ServerProcess(directory, Export, "--config", config).WaitUntilReady())
        {
            using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, next.Port("lockd")));
            Assert.That(new NlmClient(locks).Lock(held with { Reclaim = true }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
        }
    }

    [Test]
    public void After_an_orderly_stop_the_grace_period_ends_with_the_last_reclaim()
    {
        NlmLock first;
        using (var server = new ServerProcess(directory, Export, "--grace", "300").WaitUntilReady())
        {
            using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("lockd")));
            first = new NlmLock(MakeFile(server), Offset: 0, Length: 10);
            var client = new NlmClient(locks);
            Assert.That(client.Lock(first), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
            Assert.That(client.Lock(first with { Offset = 100 }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
            server.Signal("TERM");
            Assert.That(server.WaitForExit(), Is.Zero, server.Errors);
        }
        using (var next = new ServerProcess(directory, Export, "--grace", "300").WaitUntilReady())
        {
            using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, next.Port("lockd")));
            var client = new NlmClient(locks);
            Assert.That(client.Lock(first with { Reclaim = true }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
            Assert.That(next.Read("grace"), Is.Not.Empty);
            Assert.That(client.Lock(first with { Offset = 200 }), Is.EqualTo(nlm4_stats.NLM4_DENIED_GRACE_PERIOD));
            Assert.That(client.Lock(first with { Offset = 100, Reclaim = true }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
            Assert.That(ServerProcess.Eventually(() => next.Read("grace").Length == 0), Is.True);
            Assert.That(client.Lock(first with { Offset = 200 }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
        }
    }

    [Test]
    public void Who_waits_for_a_local_program_is_shown_with_it()
    {
        using var server = new ServerProcess(directory, Export).WaitUntilReady();
        using var locks = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("lockd")));
        var wanted = new NlmLock(MakeFile(server), Offset: 0, Length: 10) { Block = true };
        using var program = new LocalProgram(Path.Combine(data, "file"), exclusive: true, 5, 20);
        Assert.That(new NlmClient(locks).Lock(wanted), Is.EqualTo(nlm4_stats.NLM4_BLOCKED));
        Assert.That(() => server.Read("waiters"), Does.Contain($"\"owner\":\"pid={program.Id}\"").And.Contain("\"protocol\":\"local\"").After(5000, 20));
    }

    /// <summary>Mounts a filesystem on a directory until the end of the block.</summary>
    private static Mounted OnDisk(string mountPoint)
    {
        Run("mount", "-t", "tmpfs", "none", mountPoint);
        return new Mounted(mountPoint);
    }

    private sealed class Mounted(string mountPoint) : IDisposable
    {
        public void Dispose() => Shell.Run(TimeSpan.FromSeconds(10), null, "umount", "-l", mountPoint);
    }

    /// <summary>A file of the export, made over NFS; its handle.</summary>
    private byte[] MakeFile(ServerProcess server) => MakeFile(server, data);

    private static byte[] MakeFile(ServerProcess server, string exported)
    {
        using var mount = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("mountd")));
        var path = new XdrWriter(new byte[1100]);
        path.Opaque(System.Text.Encoding.UTF8.GetBytes(exported));
        var reply = new XdrReader(mount.Call(100005, 3, 1, path.Written).Result);
        Assert.That(reply.U32(), Is.Zero);
        using var nfs = new TcpChannel(new IPEndPoint(IPAddress.Loopback, server.Port("nfs")));
        return new Nfs3Client(nfs).Create(reply.Opaque(64).ToArray(), "file").Handle;
    }

    private static void Connect(int port)
    {
        using var client = new TcpClient();
        client.Connect(IPAddress.Loopback, port);
    }
}
