using System.Diagnostics;
using NfsdCtl.Control;
using NfsdCtl.Fuse;

namespace NfsdCtl.SystemTests.Fuse;

/// <summary>The real mount driven by the tools that administrators and their scripts use.</summary>
public sealed class AdminMountTests : MountFixture
{
    [TestCase("echo 10.0.0.1 > unlock_ip")]
    [TestCase("echo 10.0.0.1 >> unlock_ip")]
    [TestCase("printf '10.0.0.1\\n' > unlock_ip")]
    [TestCase("echo 10.0.0.1 | tee unlock_ip")]
    [TestCase("echo 10.0.0.1 | dd of=unlock_ip status=none")]
    [TestCase("echo 10.0.0.1 | dd of=unlock_ip status=none conv=fsync oflag=direct")]
    [TestCase("echo 10.0.0.1 | dd of=unlock_ip status=none conv=notrunc bs=1M")]
    [TestCase("cp /dev/stdin unlock_ip <<< 10.0.0.1")]
    [TestCase("python3 -c 'import os; f=os.open(\"unlock_ip\", os.O_WRONLY); os.write(f, b\"10.0.0.1\\n\")'")]
    public void One_write_is_one_command(string script)
    {
        foreach (string shell in new[] { "/bin/bash", "/bin/sh" })
        {
            if (shell == "/bin/sh" && script.Contains("<<<", StringComparison.Ordinal))
                continue;
            int before = Control.Orders.Count;
            var result = Sh(script, shell);
            Assert.That(result.Code, Is.Zero, result.Errors);
            Assert.That(Control.Orders.Skip(before), Is.EqualTo(new[] { "UnlockIp 10.0.0.1" }), shell);
        }
    }

    [Test]
    public void A_refusal_fails_aloud_and_orders_nothing()
    {
        var result = Sh("printf nonsense > unlock_ip");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain("Invalid argument"));
        Assert.That(Sh("head -c 5000 /dev/zero | tr '\\0' a > unlock_filesystem").Errors, Does.Contain("File too large"));
        Assert.That(Sh("echo > threads").Errors, Does.Contain("No such file or directory"));
        Assert.That(Sh("exec 3> unlock_ip; echo bad >&3; echo 10.0.0.1 >&3").Errors, Does.Contain("resource busy"));
        Assert.That(Control.Orders, Is.Empty);
        Assert.That(Sh("cat last/unlock_ip").Output, Does.Contain("error: 22\n"));
    }

    [Test]
    public void The_answer_is_read_back_on_the_same_descriptor()
    {
        Assert.That(Sh("exec 3<> unlock_ip; echo 10.0.0.1 >&3; cat <&3").Output, Does.StartWith("released address=10.0.0.1 locks=3 "));
        Assert.That(Sh("exec 3<> unlock_ip; echo 10.0.0.1 >&3; read -r line <&3; echo \"$line\"").Output, Does.StartWith("released address=10.0.0.1 locks=3 "));
        Assert.That(Sh("exec 3<> threads; echo 8 >&3; cat <&3").Output, Is.EqualTo("8\n"));
        var seek = Sh("python3 -c 'import os; f=os.open(\"unlock_ip\", os.O_RDWR); os.write(f, b\"10.0.0.1\\n\"); a=os.read(f,1000); os.lseek(f,0,0); b=os.read(f,8)+os.read(f,1000); print(a==b, a.decode()[:8])'");
        Assert.That(seek.Output, Is.EqualTo("True released\n"), seek.Errors);
    }

    [Test]
    public void The_writer_is_on_record()
    {
        var result = Sh("echo $$; echo 10.0.0.1 > unlock_ip; cat last/unlock_ip");
        string pid = result.Output.Split('\n')[0];
        Assert.That(result.Output, Does.Contain($"pid: {pid}\nuid: 0\n").And.Contain("answer: \"released address=10.0.0.1 "));
        Assert.That(Audit.Single().Caller, Is.EqualTo(new Caller(int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture), 0, 0)));
    }

    [Test]
    public void A_relative_path_starts_where_its_writer_stands()
    {
        Directory.CreateDirectory(Path.Combine(Base, "data"));
        Assert.That(Shell.Run(Base, "echo data > admin/unlock_filesystem").Code, Is.Zero);
        Assert.That(Control.Orders, Is.EqualTo(new[] { $"UnlockFileSystem {Base}/data" }));
    }

    [Test]
    public void Reports_read_alike_with_every_tool()
    {
        for (int i = 0; i < 5000; i++)
            Control.LockList.Add(new LockReport($"/srv/file{i}", default, (ulong)i, null, true, $"svid={i}", "c", "nlm", default, TimeSpan.Zero));
        var result = Sh("cat locks > ../a; dd if=locks of=../b bs=777 status=none; cp locks ../c; head -c 10000000 locks > ../d; wc -l < locks; grep -c svid=17 locks; tail -1 locks; md5sum ../a ../b ../c ../d | cut -d' ' -f1 | uniq | wc -l");
        string[] lines = result.Output.Split('\n');
        Assert.That(lines[0], Is.EqualTo("5000"));
        Assert.That(lines[1], Is.EqualTo("111"));
        Assert.That(lines[2], Does.StartWith("- {\"path\":\"/srv/file4999\""));
        Assert.That(lines[3], Is.EqualTo("1"), "all four copies are equal");
    }

    [Test]
    public void It_looks_like_the_kernels()
    {
        Assert.That(Sh("stat -c '%a %s %h %u %g %F' unlock_ip exports . clients last").Output, Is.EqualTo(
            "600 0 1 0 0 regular empty file\n444 0 1 0 0 regular empty file\n755 0 2 0 0 directory\n700 0 2 0 0 directory\n755 0 2 0 0 directory\n"));
        Assert.That(Sh("cat help | wc -l").Output, Is.EqualTo(Sh("find . -type f | wc -l").Output), "help names every file");
        Assert.That(Sh("ls | wc -l; ls last | wc -l; ls clients | wc -l").Output, Is.EqualTo("35\n18\n0\n"));
        Assert.That(Sh("echo x > newfile").Errors, Does.Contain("Permission denied"));
        foreach (string forbidden in new[] { "rm unlock_ip", "mkdir x", "mv threads x", "ln threads x", "ln -s a b", "rmdir last", "chmod 666 threads", "chown 1 threads" })
        {
            var result = Sh(forbidden + " < /dev/null");
            Assert.That(result.Code, Is.EqualTo(1), forbidden);
            Assert.That(result.Errors, Does.Contain("Operation not permitted"), forbidden);
        }
        Assert.That(Sh("touch unlock_ip; truncate -s 5 unlock_ip; > threads; stat -c %s unlock_ip; sync").Output, Is.EqualTo("0\n"));
        Assert.That(Sh("findmnt -n -o FSTYPE,OPTIONS -M $PWD").Output, Does.StartWith("fuse.nfsdctl").And.Contain("nosuid,nodev,noexec"));
        Assert.That(Control.Orders, Is.Empty);
    }

    /// <summary>LTP's proc01 reads every file of /proc/fs/nfsd and expects EINVAL of these.</summary>
    [Test]
    public void Reading_a_command_is_an_invalid_argument()
    {
        foreach (string name in new[] { "unlock_ip", "unlock_filesystem", "filehandle", "unlock_export", "end_grace", "export", "unexport" })
            Assert.That(Sh($"cat {name}").Errors, Does.Contain("Invalid argument"), name);
        Assert.That(Sh("for f in *; do [ -d $f ] || cat $f > /dev/null 2>&1 || echo $f; done").Output, Is.EqualTo("end_grace\nexport\nfilehandle\nunexport\nunlock_export\nunlock_filesystem\nunlock_ip\n"));
        Assert.That(Control.Orders, Is.Empty);
    }

    [Test]
    public void It_is_always_ready_for_poll()
    {
        var result = Sh("python3 -c 'import select,os; f=os.open(\"threads\", os.O_RDWR); p=select.poll(); p.register(f, select.POLLIN|select.POLLOUT); print(p.poll(0)[0][1])'");
        Assert.That(result.Output, Is.EqualTo("5\n"), result.Errors);
    }

    [Test]
    public void Concurrent_writers_are_all_served()
    {
        var result = Sh("for w in 1 2 3 4 5 6 7 8; do (for i in $(seq 25); do echo 10.0.0.1 > unlock_ip || echo failed; done) & done; wait");
        Assert.That(result.Output, Is.Empty, result.Errors);
        Assert.That(Control.Orders, Has.Count.EqualTo(200));
    }

    [Test]
    public void Slow_commands_of_one_file_do_not_wait_for_each_other()
    {
        using var both = new Barrier(2);
        Control.During = (_, _) => both.SignalAndWait(TimeSpan.FromSeconds(10)) ? null : ControlError.Busy("the other never came");
        var result = Sh("echo 10.0.0.1 > unlock_ip & one=$!; echo 10.0.0.1 > unlock_ip; two=$?; wait $one; echo $? $two");
        Assert.That(result.Output, Is.EqualTo("0 0\n"), result.Errors);
    }

    [Test]
    public void A_command_may_name_a_path_on_its_own_mount()
    {
        Control.During = (what, _) => File.Exists(what["UnlockFileSystem ".Length..]) && File.ReadAllText(Path.Combine(Admin, "threads")) == "32\n" && Directory.EnumerateFiles(Path.Combine(Admin, "last")).Any() ? null : ControlError.NotFound("?");
        var result = Sh("echo $PWD/threads > unlock_filesystem");
        Assert.That(result.Code, Is.Zero, result.Errors);
    }

    [Test]
    public void A_signal_ends_a_command_that_listens([Values] bool listens)
    {
        using var started = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Control.During = (_, order) =>
        {
            started.Set();
            if (!listens)
                release.Wait(TimeSpan.FromSeconds(20));
            return listens && order.Cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)) ? new ControlError(4, "interrupted") : null;
        };
        using var shell = Shell.Start(Admin, "exec dd of=unlock_ip status=none <<< 10.0.0.1");
        Assert.That(started.Wait(TimeSpan.FromSeconds(10)));
        var clock = Stopwatch.StartNew();
        Shell.Run("/", $"kill -INT {shell.Id}");
        Assert.That(shell.WaitForExit(TimeSpan.FromSeconds(10)), "the writer is stuck");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
        Control.During = (_, _) => null;
        Assert.That(Sh("echo 10.0.0.1 > unlock_ip").Code, Is.Zero, "the mount lives on");
        release.Set();
    }

    [Test]
    public void A_bug_is_an_input_output_error_and_the_mount_lives_on()
    {
        Control.During = (_, _) => throw new InvalidOperationException("planted");
        Assert.That(Sh("echo 10.0.0.1 > unlock_ip").Errors, Does.Contain("Input/output error"));
        Assert.That(Bugs.TryDequeue(out var bug) && bug.Message == "planted");
        Assert.That(Sh("cat threads").Output, Is.EqualTo("32\n"));
    }

    [Test]
    public void Nobody_else_can_look_or_write()
    {
        Shell.Run("/", $"chmod 755 {Base}");
        foreach (string attempt in new[] { $"cat {Admin}/exports", $"ls {Admin}", $"echo 10.0.0.1 > {Admin}/unlock_ip" })
        {
            var result = Shell.Run("/", $"exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '{attempt}'");
            Assert.That(result.Code, Is.Not.Zero, attempt);
            Assert.That(result.Errors, Does.Contain("Permission denied"), attempt);
            Assert.That(result.Output, Is.Empty, attempt);
        }
        Assert.That(Control.Orders, Is.Empty);
    }

    [Test]
    public void Two_mounts_live_side_by_side()
    {
        using (MountAt(Path.Combine(Base, "other")))
        {
            Assert.That(Shell.Run(Base, "cat other/threads admin/threads").Output, Is.EqualTo("32\n32\n"));
            Assert.That(() => MountAt(Admin), Throws.TypeOf<FuseException>().With.Message.Contains($"belongs to the running process {Environment.ProcessId}"));
        }
        Assert.That(Sh("cat threads").Output, Is.EqualTo("32\n"));
    }

    [Test]
    public void A_foreign_unmount_is_noticed()
    {
        Assert.That(Shell.Run("/", $"umount {Admin}").Code, Is.Zero);
        Assert.That(ForeignUnmount.Wait(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void An_open_descriptor_does_not_keep_the_mount()
    {
        using var shell = Shell.Start(Admin, "exec 3< threads; echo open; exec sleep 30");
        Assert.That(shell.StandardOutput.ReadLine(), Is.EqualTo("open"));
        Mounted!.Dispose();
        Assert.That(MountTable.TopAt(MountTable.Read(), Admin), Is.Null);
        shell.Kill();
        shell.WaitForExit();
        Assert.That(ForeignUnmount.IsSet, Is.False, "it was our own");
    }

    [Test]
    public void A_missing_directory_is_made_and_a_file_in_its_place_is_named()
    {
        using (MountAt(Path.Combine(Base, "deep/er")))
            Assert.That(Shell.Run(Base, "cat deep/er/threads").Output, Is.EqualTo("32\n"));
        File.WriteAllText(Path.Combine(Base, "file"), "");
        Assert.That(() => MountAt(Path.Combine(Base, "file")), Throws.TypeOf<FuseException>().With.Message.Contains("/file"));
    }
}
