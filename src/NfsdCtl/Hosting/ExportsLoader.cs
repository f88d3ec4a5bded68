using Microsoft.Extensions.Logging;
using NfsdCtl.Configuration;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Hosting;

/// <summary>Loads the exports files, at the start and again on SIGHUP, and brings back what orders exported.</summary>
public sealed class ExportsLoader(ServerSettings settings, ExportTable exports, ILogger<ExportsLoader> log)
{
    /// <exception cref="StartupException">With every mistake as file:line:column.</exception>
    public void LoadFirst()
    {
        Warn(exports.Recall());
        var errors = Load();
        if (errors.Count > 0)
            throw new StartupException([.. errors.Select(e => e.ToString())]);
        Warn(exports.Revive());
    }

    /// <summary>Exports what the files say now; with a mistake in them the old ones stay. What orders exported stays in any case.</summary>
    public bool Reload()
    {
        var errors = Load();
        foreach (var error in errors)
            log.LogError("{Error}", error);
        if (errors.Count > 0)
        {
            log.LogError("the exports stay as they were: {Count} mistakes", errors.Count);
            return false;
        }
        Warn(exports.Revive());
        log.LogInformation("exports loaded: {Count}", exports.Current.Exports.Count);
        return true;
    }

    /// <summary>The disk of an export that was ordered may be on another node: that keeps the server from nothing.</summary>
    private void Warn(IReadOnlyList<ExportError> errors)
    {
        foreach (var error in errors)
            log.LogWarning("{Error}", error);
    }

    private IReadOnlyList<ExportError> Load()
    {
        // The directory belongs to /etc/exports; a file named on the command line stands alone.
        string? directory = settings.Exports == new ServerSettings().Exports ? settings.ExportsDirectory : null;
        var parsed = ExportParser.ParseFiles(settings.Exports, directory);
        return parsed.Errors.Count > 0 ? parsed.Errors : exports.Replace(parsed.Exports);
    }
}
