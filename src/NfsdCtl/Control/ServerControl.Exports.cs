using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.State;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Hosting;

/// <summary>The orders that change exports, and handles.</summary>
public sealed partial class ServerControl
{
    public Outcome<ExportReport> Export(string line, Order order)
    {
        var parsed = ExportParser.Parse("export", line);
        if (parsed.Errors.Count > 0)
            return ControlError.Invalid(string.Join("; ", parsed.Errors));
        if (parsed.Exports.Count == 0)
            return ControlError.Invalid("the line names no export");
        var missing = parsed.Exports.FirstOrDefault(e => !Directory.Exists(e.Path));
        if (missing is not null)
            return ControlError.NotFound($"{missing.Path} does not exist, or is not a directory");
        // As with exportfs, a path alone is exported as it is configured.
        var renewed = parsed.Exports is [{ IsPathAlone: true } only] ? parts.Exports.Current.Find(only.Path) : null;
        if (!order.DryRun)
        {
            var errors = renewed is null ? parts.Exports.Add(parsed.Exports) : parts.Exports.Renew(renewed.Path);
            if (errors.Count > 0)
                return Refused(errors);
            LoadNewFileSystems();
        }
        return new ExportReport([.. (renewed?.Entries ?? parsed.Exports).Select(ExportText.Format)]);
    }

    public Outcome<ExportReport> Unexport(string? client, string path, Order order)
    {
        path = path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/";
        bool Selected(Export e) => e.Path == path && (client is null || e.Client.Text == client);
        var going = parts.Exports.Current.Exports.Concat(parts.Exports.Away.Select(k => k.Export)).Where(Selected).Select(ExportText.Format).ToList();
        if (going.Count == 0)
            return ControlError.NotFound(client is null ? $"{path} is not exported" : $"{path} is not exported to {client}");
        if (!order.DryRun && parts.Exports.Remove(path, client) is { Count: > 0 } errors)
            return Refused(errors);
        return new ExportReport(going);
    }

    public Outcome<FileHandleReport> FileHandle(string domain, string path, int maxSize, Order order)
    {
        if (Find(path, order, out var meaning) is not null)
            return new ControlError(Errno.EPERM, $"{path}: no such file or directory");
        if (meaning.Export?.Entries.FirstOrDefault(e => e.Client.Text == domain) is not { } entry)
            return ControlError.NotFound($"{meaning.Path} is not exported to {domain}");
        Span<byte> handle = stackalloc byte[FileService.MaxHandle];
        var status = parts.Files.HandleOf(meaning.Path, meaning.Export, entry, handle, out int length);
        if (status != VfsStatus.Ok)
            return new ControlError(Errno.EIO, $"{meaning.Path}: {status}");
        return length <= maxSize
            ? new FileHandleReport(handle[..length].ToArray())
            : ControlError.Invalid($"the handle has {length} bytes, more than {maxSize}");
    }

    public IReadOnlyList<ExportEntry> Exports() =>
        [.. parts.Exports.Current.Exports.Select(e => new ExportEntry(e.Path, e.Client.Text, ExportText.Options(e), e.FileSystem))];

    private static ControlError Refused(IReadOnlyList<ExportError> errors) => new(errors[0].Errno, string.Join("; ", errors));

    private void LoadNewFileSystems()
    {
        var effects = new EffectList();
        foreach (var fileSystem in parts.FileSystems.All)
            scopes.Load(fileSystem, effects, out _);
        parts.Effects.RunAll(effects);
    }
}
