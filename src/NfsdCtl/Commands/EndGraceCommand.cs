using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl end-grace ADDR PATH</c> or <c>all</c>.</summary>
public static class EndGraceCommand
{
    public static Command Create() => OrderCommand.Create(
        "end-grace",
        "end_grace",
        "End the grace window of a server address and a filesystem, or all of them",
        Word.Plain("ADDR", "an address of the server, or: all"),
        Word.OfPath("a path on the filesystem", optional: true));
}
