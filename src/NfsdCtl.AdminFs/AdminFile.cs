using NfsdCtl.Control;

namespace NfsdCtl.AdminFs;

/// <summary>What a file is for; shown in <c>help</c>.</summary>
public enum AdminFileKind
{
    /// <summary>Orders something; a read without a write is EINVAL unless it has something to report.</summary>
    Command,

    /// <summary>Has a value that can be read and written.</summary>
    Setting,

    /// <summary>Can be read only.</summary>
    Report,
}

/// <summary>One admin file. <paramref name="Mode"/> holds the permission bits.</summary>
/// <param name="Help">One line for people.</param>
public abstract class AdminFile(string name, uint mode, AdminFileKind kind, string help)
{
    public string Name { get; } = name;

    public uint Mode { get; } = mode;

    public AdminFileKind Kind { get; } = kind;

    public string Help { get; } = help;

    /// <summary>Opens the file: everything after that is the handle's.</summary>
    public abstract IAdminHandle Open();
}

/// <summary>An open file description. Thread-safe: descriptors can be shared by fork and dup.</summary>
public interface IAdminHandle
{
    /// <summary>A count of bytes or a negative errno.</summary>
    int Read(ulong offset, Span<byte> buffer);

    /// <summary>A count of bytes or a negative errno.</summary>
    int Write(ulong offset, ReadOnlySpan<byte> data, Caller caller, CancellationToken interrupted);
}
