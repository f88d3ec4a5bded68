using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>INVAL for what is not a symbolic link (RFC 1813 §3.3.5); TOOSMALL when it does not fit.</summary>
    public VfsStatus ReadLink(in FileRef file, Span<byte> target, out int length, out Attributes attributes)
    {
        length = 0;
        var status = GetAttr(file, out attributes);
        if (status != VfsStatus.Ok)
            return status;
        if (file.Type != FileType.Symlink)
            return VfsStatus.Inval;
        byte empty = 0;
        fixed (byte* p = target)
        {
            nint got = Files.ReadLinkAt(file.Node.Descriptor, &empty, p, (nuint)target.Length);
            if (got < 0)
                return ErrnoMap.Last;
            if (got == target.Length && (ulong)got < attributes.Size)
                return VfsStatus.TooSmall;
            length = (int)got;
        }
        return VfsStatus.Ok;
    }
}
