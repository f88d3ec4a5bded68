using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl export 'PATH CLIENT(OPTIONS)'</c>.</summary>
public static class ExportCommand
{
    public static Command Create() => OrderCommand.Create(
        "export", "export", "Export a directory at once", Word.Raw("LINE", "a line of exports(5), quoted: '/srv/data *(rw,sync)'"));
}
