using System.Diagnostics;

namespace NfsdCtl.SystemTests.Fuse;

/// <summary>What a shell command came to.</summary>
public sealed record ShellResult(int Code, string Output, string Errors);

/// <summary>Runs shell commands in a directory, each with a time limit after which it is killed.</summary>
public static class Shell
{
    public static ShellResult Run(string directory, string script, string shell = "/bin/bash", int seconds = 20)
    {
        using var process = Start(directory, script, shell);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{script}' did not end within {seconds} s");
        }
        return new ShellResult(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    public static Process Start(string directory, string script, string shell = "/bin/bash")
    {
        var start = new ProcessStartInfo(shell) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }
}
