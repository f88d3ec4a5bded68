using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl resume-ip ADDR [PATH [SECONDS]]</c>.</summary>
public static class ResumeIpCommand
{
    public static Command Create() => OrderCommand.Create(
        "resume-ip",
        "resume_ip",
        "Let the clients of a server address reclaim their locks on a filesystem",
        Word.Plain("ADDR", "an address of the server"),
        Word.OfPath("a path on the filesystem; left out: every exported filesystem", optional: true),
        Word.Plain("SECONDS", "how long, 10 to 3600; left out: the grace time", optional: true));
}
