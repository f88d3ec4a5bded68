using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl filehandle DOMAIN PATH</c>.</summary>
public static class FileHandleCommand
{
    public static Command Create() => OrderCommand.Create(
        "filehandle",
        "filehandle",
        "Show the file handle of a path",
        Word.Plain("DOMAIN", "a client as the exports spell it, such as '*'"),
        Word.OfPath("the path"),
        new Word(new Argument<string?>("MAXSIZE") { Description = "the longest handle, 32 to 64 bytes", DefaultValueFactory = _ => "64" }, text => text));
}
