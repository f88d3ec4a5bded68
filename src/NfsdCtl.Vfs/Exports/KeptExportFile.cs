using System.Text;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.Exports;

/// <summary>An export that an order added, and where it was: only there it is exported again.</summary>
/// <param name="Identity">The UUID that its filesystem carries in itself; null when it has none that lasts.</param>
/// <param name="MountPoint">Where that was mounted.</param>
public sealed record KeptExport(Export Export, FsId? Identity, string MountPoint);

/// <summary>
/// The exports that orders added, in the state directory, so that a server that was killed exports them again. A line is the
/// filesystem's UUID (or "none"), its mount point, and what exports(5) would say.
/// </summary>
public sealed class KeptExportFile(string directory)
{
    private const string Name = "exports";
    private const string Header = "# Exported by orders (export, take-over): written by the server, which is told by unexport what to forget.\n";
    private const string NoIdentity = "none";

    /// <summary>What the file says. Lines that say nothing are named in <paramref name="errors"/> and left out.</summary>
    public IReadOnlyList<KeptExport> Read(List<ExportError> errors)
    {
        string path = Path.Combine(directory, Name);
        var result = new List<KeptExport>();
        try
        {
            if (!Path.Exists(path))
                return [];
            int number = 0;
            foreach (string line in File.ReadAllText(path, Encoding.UTF8).Split('\n'))
            {
                number++;
                if (line.Length == 0 || line[0] == '#')
                    continue;
                if (Parse($"{path}:{number}", line) is { } kept)
                    result.Add(kept);
                else
                    errors.Add(new ExportError($"{path}:{number}", "this is no export that an order added, so it is left out: export it again"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ExportError(path, "cannot be read, so what orders exported is not exported again: " + e.Message));
        }
        return result;
    }

    /// <summary>Replaces the file by one that says <paramref name="text"/>, made by <see cref="Describe"/>. 0, or the error number.</summary>
    public int Write(string text)
    {
        int state = Descriptors.Open(directory, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC);
        if (state < 0)
            return Errno.Last;
        int error = DurableFile.Replace(state, Name, Encoding.UTF8.GetBytes(text));
        _ = Descriptors.Close(state);
        return -error;
    }

    /// <summary>The content of the file for these exports, in whatever order they are given.</summary>
    public static string Describe(IEnumerable<KeptExport> exports) =>
        Header + string.Concat(exports.Select(k => $"{k.Identity?.ToString() ?? NoIdentity} {ExportText.Name(k.MountPoint)} {ExportText.Line(k.Export)}\n").Order(StringComparer.Ordinal));

    private static KeptExport? Parse(string origin, string line)
    {
        string[] words = line.Split(' ', 3);
        if (words.Length < 3 || (!FsId.TryParse(words[0], out var identity) && words[0] != NoIdentity))
            return null;
        // A mount point is spelled as an exported path is.
        var mountPoint = ExportParser.Parse(origin, words[1]);
        var export = ExportParser.Parse(origin, words[2]);
        return mountPoint is { Errors: [], Exports: [{ IsPathAlone: true } place] } && export is { Errors: [], Exports: [{ IsPathAlone: false } only] }
            ? new KeptExport(only with { IsOrdered = true, Origin = origin }, words[0] == NoIdentity ? null : identity, place.Path)
            : null;
    }
}
