namespace NfsdCtl.Vfs.Exports;

/// <summary>Which ids are taken from the caller and which are replaced by the anonymous ones (exports(5), user ID mapping).</summary>
public enum Squash : byte
{
    None,
    Root,
    All,
}

/// <summary>The options of one export for one client specification, as exports(5) spells them. Defaults are exports(5)'s.</summary>
public sealed record ExportOptions
{
    public const uint Nobody = 65534;

    public static ExportOptions Default { get; } = new();

    public bool ReadOnly { get; init; } = true;

    /// <summary>False with <c>async</c>: changes may be answered before they are on stable storage.</summary>
    public bool Sync { get; init; } = true;

    public Squash Squash { get; init; } = Squash.Root;

    public uint AnonUid { get; init; } = Nobody;

    public uint AnonGid { get; init; } = Nobody;

    /// <summary>Calls must come from ports below 1024.</summary>
    public bool Secure { get; init; } = true;

    public bool SubtreeCheck { get; init; }

    /// <summary>Filesystems mounted below are exported with it.</summary>
    public bool CrossMount { get; init; }

    /// <summary>This export, mounted below another, shows in it.</summary>
    public bool NoHide { get; init; }

    public bool WriteDelay { get; init; } = true;

    /// <summary>Null: the filesystem's own UUID identifies it.</summary>
    public FsId? FsId { get; init; }

    /// <summary>True with <c>fsid=root</c> or <c>fsid=0</c>: the root of NFSv4's tree.</summary>
    public bool IsRoot { get; init; }

    /// <summary>POSIX locks of local programs and of clients respect each other (<c>local_locks</c>, the default).</summary>
    public bool LocalLocks { get; init; } = true;
}

/// <summary>One directory exported to one client specification.</summary>
public sealed record Export(string Path, ClientSpec Client, ExportOptions Options)
{
    /// <summary>Where it was written, for messages: file:line:column; empty when it was added by a command.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The line named neither clients nor options: to anyone, with the defaults.</summary>
    public bool IsPathAlone { get; init; }

    /// <summary>An order added it and an order takes it out; what the exports files say does not touch it.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>What it served since the server started, or since it was exported.</summary>
    public ExportCounters Counters { get; init; } = new();

    /// <summary>The filesystem that holds it; "any" until it is resolved.</summary>
    public FsId FileSystem { get; init; }

    /// <summary>
    /// Names the exported directory within its filesystem in file handles: made of the directory's kernel handle, so it is
    /// the same after a restart, under another mount point and on another node.
    /// </summary>
    public uint Tag { get; init; }
}
