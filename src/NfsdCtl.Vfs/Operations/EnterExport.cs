using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Vfs;

/// <summary>How an export stands to a client.</summary>
public enum ExportVisibility : byte
{
    Hidden,
    Visible,

    /// <summary>Not known yet: the client's name is being looked up.</summary>
    Pending,
}

public sealed unsafe partial class FileService
{
    /// <summary>Whether an export has an entry for a client. Looks at nothing but the table.</summary>
    public ExportVisibility VisibilityOf(ExportRoot root, NetAddress client)
    {
        ArgumentNullException.ThrowIfNull(root);
        return root.Match(client, exports.ClientNames, out _) switch
        {
            ExportMatch.Found => ExportVisibility.Visible,
            ExportMatch.Pending => ExportVisibility.Pending,
            _ => ExportVisibility.Hidden,
        };
    }

    /// <summary>The exported directory itself, as a caller sees it. STALE when it is not for this client, or gone; ACCESS for its port.</summary>
    public VfsStatus EnterExport(ExportRoot root, in Caller caller, out FileRef directory)
    {
        ArgumentNullException.ThrowIfNull(root);
        directory = default;
        var status = Admit(root, caller, out var export);
        if (status == VfsStatus.Ok)
            status = Touch(root.FileSystem);
        if (status != VfsStatus.Ok)
            return status;
        status = FindNode(root.FileSystem, root.Key, out var node);
        if (status == VfsStatus.Ok)
            directory = new FileRef(node!, root, export!, Squashed(caller, export!.Options), caller);
        return status;
    }
}
