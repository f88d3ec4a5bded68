using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Protocols.Nfs4.Pseudo;

/// <summary>A path that leads to exports: a directory above some, an exported one, or both.</summary>
internal sealed class PseudoDirectory : PseudoNode
{
    /// <summary>Bit 62: above every inode number of a disk filesystem, and below 2^63 for clients that sign it.</summary>
    private const ulong FileIdMark = 1UL << 62;

    /// <summary>Cookies begin behind those with a meaning (RFC 8881 §18.23.3).</summary>
    private const ulong FirstCookie = 3;

    public PseudoDirectory(string path, PseudoDirectory? parent)
    {
        Path = path;
        Parent = parent;
        Name = Encoding.UTF8.GetBytes(path[(path.LastIndexOf('/') + 1)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(path), hash);
        Low = BinaryPrimitives.ReadUInt64BigEndian(hash);
        High = BinaryPrimitives.ReadUInt64BigEndian(hash[sizeof(ulong)..]);
        Cookie = FirstCookie + (BinaryPrimitives.ReadUInt64BigEndian(hash[(2 * sizeof(ulong))..]) >> 2);
    }

    public string Path { get; }

    /// <summary>The last component, as bytes; empty for the root.</summary>
    public byte[] Name { get; }

    public PseudoDirectory? Parent { get; }

    /// <summary>What is exported under this path; null when it only leads to exports.</summary>
    public ExportRoot? Export { get; set; }

    /// <summary>Half of a name for the path that is the same everywhere; it stands in handles.</summary>
    public ulong Low { get; }

    public ulong High { get; }

    /// <summary>Made of the path, so that it stays while other exports come and go; ascends among <see cref="Children"/>.</summary>
    public ulong Cookie { get; }

    public override ulong FileId => (Low >> 2) | FileIdMark;

    /// <summary>By ascending cookie; never changed once the tree is there.</summary>
    public List<PseudoDirectory> Children { get; } = [];

    public PseudoDirectory? Find(ReadOnlySpan<byte> name)
    {
        foreach (var child in Children)
            if (name.SequenceEqual(child.Name))
                return child;
        return null;
    }

    public void Add(PseudoDirectory child)
    {
        int at = Children.FindIndex(other => other.Cookie > child.Cookie);
        Children.Insert(at < 0 ? Children.Count : at, child);
    }
}
