using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;

namespace NfsdCtl.SystemTests.Nfs4.Model;

/// <summary>A file, directory or symbolic link as the reference model has it.</summary>
internal sealed class ModelNode(nfs_ftype4 type, ModelNode? parent = null)
{
    public nfs_ftype4 Type { get; } = type;

    public bool IsDirectory => Type == nfs_ftype4.NF4DIR;

    public bool IsFile => Type == nfs_ftype4.NF4REG;

    /// <summary>Of a directory.</summary>
    public SortedDictionary<string, ModelNode> Names { get; } = new(StringComparer.Ordinal);

    public ModelNode? Parent { get; set; } = parent;

    /// <summary>Names that a file or link has; 1 for a directory that is there.</summary>
    public int Links { get; set; } = 1;

    public uint Mode { get; set; }

    public byte[] Data { get; set; } = [];

    public string Target { get; init; } = "";

    /// <summary>As the server told it; null as long as nobody asked.</summary>
    public byte[]? Handle { get; set; }

    /// <summary>The stateid under which it is open.</summary>
    public StateId? Open { get; set; }

    /// <summary>It has no name any more.</summary>
    public bool IsRemoved => Links == 0;

    /// <summary>nlink: a directory has its name, its ".", and the ".." of each directory in it.</summary>
    public uint LinkCount => IsDirectory ? 2 + (uint)Names.Values.Count(n => n.IsDirectory) : (uint)Links;

    public ulong Size => (ulong)(IsFile ? Data.Length : Target.Length);

    public bool IsBelow(ModelNode directory)
    {
        for (var at = this; at is not null; at = at.Parent)
        {
            if (at == directory)
                return true;
        }
        return false;
    }

    /// <summary>The model of write(2): a gap is zeros.</summary>
    public void Write(int offset, byte[] data)
    {
        if (data.Length == 0)
            return;
        byte[] grown = new byte[Math.Max(Data.Length, offset + data.Length)];
        Data.CopyTo(grown, 0);
        data.CopyTo(grown, offset);
        Data = grown;
    }

    public void Truncate(int size)
    {
        byte[] cut = new byte[size];
        Data.AsSpan(0, Math.Min(size, Data.Length)).CopyTo(cut);
        Data = cut;
    }
}
