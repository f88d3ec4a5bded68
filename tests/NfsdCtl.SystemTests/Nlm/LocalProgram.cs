using System.Diagnostics;
using System.Globalization;

namespace NfsdCtl.SystemTests.Nlm;

/// <summary>
/// A program of this machine that locks a range of a file with fcntl(2), as any does, and holds it until it is told to end. Perl,
/// which each Debian has.
/// </summary>
internal sealed class LocalProgram : IDisposable
{
    private const string Script = """
        use Fcntl; $| = 1;
        my ($path, $kind, $start, $length, $wait) = @ARGV;
        open(my $file, "+<", $path) or die "open: $!";
        my $lock = pack("s s x4 q q l x4", $kind eq "w" ? F_WRLCK : F_RDLCK, 0, $start, $length, 0);
        print fcntl($file, $wait eq "wait" ? F_SETLKW : F_SETLK, $lock) ? "locked\n" : "refused\n";
        <STDIN>;
        """;

    private readonly Process process;

    public LocalProgram(string path, bool exclusive, long start, long length, bool wait = false)
    {
        var arguments = new[]
        {
            "-e", Script, path, exclusive ? "w" : "r", start.ToString(CultureInfo.InvariantCulture),
            length.ToString(CultureInfo.InvariantCulture), wait ? "wait" : "now",
        };
        process = Process.Start(new ProcessStartInfo("perl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Answer = process.StandardOutput.ReadLineAsync();
        if (!wait)
            Assert.That(Answer.Wait(TimeSpan.FromSeconds(60)), Is.True, "the program answers at once");
    }

    public int Id => process.Id;

    /// <summary>"locked" or "refused"; of one that waits, when it has its lock.</summary>
    public Task<string?> Answer { get; }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            process.Kill();
        process.Dispose();
    }
}
