using System.Text.Json.Nodes;
using NfsdCtl.Commands;
using NfsdCtl.Control;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.SystemTests.Fuse;

/// <summary>The command line against really mounted files.</summary>
public sealed class CommandLineMountTests : MountFixture
{
    private (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = CommandLine.Run([.. arguments, "--admin-mount", Admin], _ => 99, _ => 99, output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    [TestCase("UnlockIp 10.0.0.1", "unlock-ip", "10.0.0.1")]
    [TestCase("dry UnlockIp 10.0.0.1", "unlock-ip", "--dry-run", "10.0.0.1")]
    [TestCase("UnlockFileSystem /srv/a b", "unlock-filesystem", "/srv/a b")]
    [TestCase("UnlockExport /srv", "unlock-export", "/srv/")]
    [TestCase("ResumeIp 10.0.0.1 /srv 30", "resume-ip", "10.0.0.1", "/srv", "30")]
    [TestCase("ResumeIp 10.0.0.1 - -", "resume-ip", "10.0.0.1")]
    [TestCase("EndGrace 10.0.0.1 /srv", "end-grace", "10.0.0.1", "/srv")]
    [TestCase("EndAllGrace", "end-grace", "all")]
    [TestCase("Export /srv *(rw)", "export", "/srv *(rw)")]
    [TestCase("Unexport * /srv", "unexport", "*:/srv")]
    [TestCase("FileHandle * /srv 64", "filehandle", "*", "/srv")]
    [TestCase("Set Threads 8", "threads", "8")]
    [TestCase("SetPoolThreads 8 4", "pool-threads", "8", "4")]
    public void Orders(string expected, params string[] arguments)
    {
        var (code, output, errors) = Run(arguments);
        Assert.That(code, Is.Zero, errors);
        Assert.That(output, Is.Not.Empty);
        Assert.That(Control.Orders.Select(o => o.Replace("/srv/", "/srv", StringComparison.Ordinal)), Is.EqualTo(new[] { expected.Replace("/srv/", "/srv", StringComparison.Ordinal) }));
    }

    [Test]
    public void A_refusal_is_told_in_the_servers_words()
    {
        var (code, output, errors) = Run("unlock-ip", "10.0.0.10");
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(errors, Is.EqualTo($"nfsdctl unlock-ip: 10.0.0.10 was never served; an address of the server is meant{Environment.NewLine}"));
    }

    [Test]
    public void Answers_and_reports_in_JSON()
    {
        Assert.That(JsonNode.Parse(Run("unlock-ip", "10.0.0.1", "--json").Output)![0]!["locks"]!.GetValue<int>(), Is.EqualTo(3));
        Control.ClientList.AddRange([new ClientReport(10, "clientid: 0x1\naddress: \"10.0.0.9:825\"\nstatus: confirmed\n", ""), new ClientReport(9, "clientid: 0x2\n", "")]);
        var clients = JsonNode.Parse(Run("clients", "--json").Output)!.AsArray();
        Assert.That(clients.Select(c => c!["id"]!.GetValue<int>()), Is.EqualTo(new[] { 9, 10 }));
        Assert.That(clients[1]!["address"]!.GetValue<string>(), Is.EqualTo("10.0.0.9:825"));
        foreach (string report in new[] { "grace", "locks", "waiters", "hosts", "scopes", "exports", "status", "threads" })
            Assert.That(Run(report, "--json").Code, Is.Zero, report);
        Assert.That(Run("threads").Output, Is.EqualTo("32\n"));
    }
}
