using System.Text;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>Values of attributes that are more than a number.</summary>
internal static class AttributeGetters
{
    public static void Time(VfsTime time, ref XdrWriter reply)
    {
        reply.I64(time.Seconds);
        reply.U32(time.Nanoseconds);
    }

    /// <summary>nfsacl41 (RFC 8881 §6.4.2): no automatic inheritance, so no flags.</summary>
    public static void Dacl(in AttributeValues values, ref XdrWriter reply)
    {
        reply.U32(0);
        reply.Fixed(values.Acl.Span);
    }

    /// <summary>fs_locations4 (RFC 8881 §11.16): where the filesystem is in this server's tree, and no other place for it.</summary>
    public static void FsLocations(in AttributeValues values, ref XdrWriter reply)
    {
        int count = reply.Skip();
        if (reply.Overflow)
            return;
        uint components = 0;
        Span<byte> name = stackalloc byte[FileService.MaxName];
        var path = values.FsRoot.AsSpan();
        foreach (var range in path.Split('/'))
        {
            var component = path[range];
            if (component.IsEmpty || !Encoding.UTF8.TryGetBytes(component, name, out int length))
                continue;
            reply.Opaque(name[..length]);
            components++;
        }
        reply.Patch(count, components);
        reply.U32(0);
    }
}
