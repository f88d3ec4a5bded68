using System.Text;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.Tests.AdminFs;

/// <summary>The rules that hold for every file: admin-files follow the kernel's fs/libfs.c simple_transaction_*.</summary>
public sealed class TransactionTests : AdminFixture
{
    [Test]
    public void A_command_runs_once_and_its_answer_is_read_back_where_the_write_ended()
    {
        var handle = Open("unlock_ip");
        Assert.That(Write(handle, "10.0.0.1\n"), Is.EqualTo(9));
        Assert.That(ReadAll(handle, 9), Is.EqualTo("released address=10.0.0.1 locks=3 waiters=2 shares=1 opens=0 delegations=0 sessions=0 clients=1 ms=1.5\n"));
        Assert.That(Control.Orders, Is.EqualTo(new[] { "UnlockIp 10.0.0.1" }));
    }

    [Test]
    public void After_a_seek_to_the_start_the_answer_is_whole_in_any_page_size()
    {
        foreach (int page in new[] { 1, 4, 9, 10, 4096 })
        {
            var handle = Open("unlock_ip");
            Write(handle, "10.0.0.1\n");
            var text = new StringBuilder();
            byte[] buffer = new byte[page];
            for (int count; (count = handle.Read((ulong)text.Length, buffer)) > 0;)
                text.Append(Encoding.ASCII.GetString(buffer, 0, count));
            Assert.That(text.ToString(), Does.StartWith("released address=10.0.0.1 ").And.EndsWith("ms=1.5\n"), $"pages of {page}");
        }
    }

    [Test]
    public void A_second_write_is_busy_also_after_a_failure()
    {
        var handle = Open("unlock_ip");
        Assert.That(Write(handle, "nonsense\n"), Is.EqualTo(-Errno.EINVAL));
        Assert.That(Write(handle, "10.0.0.1\n"), Is.EqualTo(-Errno.EBUSY));
        Assert.That(ReadAll(handle, 0), Is.Empty, "a failed command has no answer");
        Assert.That(Control.Orders, Is.Empty);
    }

    [Test]
    public void A_read_counts_as_the_write()
    {
        var handle = Open("threads");
        Assert.That(ReadAll(handle, 0), Is.EqualTo("32\n"));
        Assert.That(Write(handle, "8\n"), Is.EqualTo(-Errno.EBUSY));
    }

    [Test]
    public void Too_much_is_refused_before_anything_else_and_does_not_use_up_the_descriptor()
    {
        var handle = Open("unlock_filesystem");
        Assert.That(Write(handle, "/" + new string('a', 4086) + "\n"), Is.EqualTo(-Errno.EFBIG));
        Assert.That(Write(handle, "/" + new string('a', 4085) + "\n"), Is.EqualTo(4087));
        Assert.That(Write(handle, new string('a', 4088)), Is.EqualTo(-Errno.EFBIG), "also when it was used");
    }

    /// <summary>What LTP's proc01 expects of /proc/fs/nfsd.</summary>
    [TestCase("unlock_ip")]
    [TestCase("unlock_filesystem")]
    [TestCase("unlock_export")]
    [TestCase("filehandle")]
    [TestCase("end_grace")]
    [TestCase("export")]
    [TestCase("unexport")]
    public void Commands_cannot_be_read(string name)
    {
        var handle = Open(name);
        byte[] buffer = new byte[16];
        Assert.That(handle.Read(0, buffer), Is.EqualTo(-Errno.EINVAL));
        Assert.That(handle.Read(0, buffer), Is.Zero, "only the first read fails");
        Assert.That(Write(handle, "10.0.0.1\n"), Is.EqualTo(-Errno.EBUSY));
        Assert.That(Control.Orders, Is.Empty, "reading never acts");
    }

    [Test]
    public void Reports_cannot_be_written()
    {
        foreach (var (path, file) in Tree.Listing().Where(f => f.File is NfsdCtl.AdminFs.ReportFile))
            Assert.That(Write(file.Open(), "x\n"), Is.EqualTo(-Errno.EINVAL), path);
    }

    [Test]
    public void Reading_every_file_orders_nothing()
    {
        byte[] buffer = new byte[64];
        foreach (var (_, file) in Tree.Listing())
            file.Open().Read(0, buffer);
        Assert.That(Control.Orders, Is.Empty);
        Assert.That(Audit, Is.Empty);
    }

    [Test]
    public void A_report_is_the_moment_at_which_it_was_opened()
    {
        Control.ExportList.Add(new ExportEntry("/a", "*", "rw", FsId.FromNumber(1)));
        var handle = Open("exports");
        Control.ExportList.Clear();
        Assert.That(ReadAll(handle, 0), Does.Contain("/a\t*(rw)\n"));
        Assert.That(Read("exports"), Does.Not.Contain("/a"));
    }

    [Test]
    public void Every_command_leaves_one_audit_record_and_its_last_answer()
    {
        Assert.That(Read("last/unlock_ip"), Is.Empty);
        Ask("unlock_ip", "--dry-run 10.0.0.1\n");
        Assert.That(Audit, Has.Count.EqualTo(1));
        Assert.That(Audit[0], Is.EqualTo(Audit[0] with { File = "unlock_ip", Caller = new Caller(42, 0, 0), DryRun = true, Command = "10.0.0.1", Error = 0 }));
        Assert.That(Read("last/unlock_ip"), Is.EqualTo(
            "time: \"2026-01-02T03:04:05.000Z\"\npid: 42\nuid: 0\ndry_run: true\ncommand: \"10.0.0.1\"\nerror: 0\nmessage: \"\"\n"
            + "answer: \"released address=10.0.0.1 locks=3 waiters=2 shares=1 opens=0 delegations=0 sessions=0 clients=1 ms=1.5\"\nms: 0\n"));
        Write("unlock_ip", "10.9.9.9\n");
        Assert.That(Read("last/unlock_ip"), Does.Contain("error: 22\n").And.Contain("an address of the server is meant"));
        Assert.That(Read("last/resume_ip"), Is.Empty);
    }

    [Test]
    public void A_dry_run_reaches_the_server_as_such()
    {
        Ask("unlock_ip", "--dry-run 10.0.0.1\n");
        Ask("threads", "--dry-run 8\n");
        Assert.That(Control.Orders, Is.EqualTo(new[] { "dry UnlockIp 10.0.0.1", "dry Set Threads 8" }));
        Assert.That(Read("threads"), Is.EqualTo("32\n"));
    }

    [Test]
    public void A_bug_is_audited_and_not_swallowed()
    {
        Control.During = (_, _) => throw new InvalidOperationException("planted");
        Assert.That(() => Write("unlock_ip", "10.0.0.1\n"), Throws.InvalidOperationException);
        Assert.That(Audit.Single().Error, Is.EqualTo(Errno.EIO));
    }

    [Test]
    public void The_interrupt_of_the_caller_reaches_the_order()
    {
        using var source = new CancellationTokenSource();
        Open("unlock_ip").Write(0, "10.0.0.1\n"u8, new Caller(1, 2, 3), source.Token);
        Assert.That(Control.LastOrder.Cancellation, Is.EqualTo(source.Token));
        Assert.That(Control.LastOrder.Caller, Is.EqualTo(new Caller(1, 2, 3)));
    }

    [Test]
    public void The_servers_error_is_the_writes_errno()
    {
        Control.Refusal = new ControlError(Errno.EROFS, "the record's disk is read-only");
        Assert.That(Write("resume_ip", "10.0.0.1 /srv\n"), Is.EqualTo(-Errno.EROFS));
        Assert.That(Read("last/resume_ip"), Does.Contain("message: \"the record's disk is read-only\""));
    }
}
