using System.Globalization;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>help</c>: every file with mode, kind and purpose.</summary>
internal sealed class HelpFile(Func<IReadOnlyList<(string Path, AdminFile File)>> files) : ReportFile("help", "every file with mode, kind and purpose")
{
    protected override Answer Report() => Answer.Of(string.Concat(files().Select(f => string.Create(CultureInfo.InvariantCulture,
        $"{f.Path,-24} {Convert.ToString(f.File.Mode, 8).PadLeft(4, '0')} {f.File.Kind.ToString().ToLowerInvariant(),-8} {f.File.Help}\n"))));
}
