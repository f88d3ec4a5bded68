using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>What a filesystem can do beyond the common, found out by asking it.</summary>
[Flags]
public enum FileSystemFeatures : byte
{
    None = 0,

    /// <summary>Extended attributes of users.</summary>
    UserAttributes = 1,

    /// <summary>POSIX access control lists, and a place to keep others.</summary>
    AccessLists = 2,

    /// <summary>Two files can share blocks (FICLONERANGE).</summary>
    Clones = 4,

    /// <summary>User quotas are on.</summary>
    UserQuotas = 8,

    /// <summary>The features were asked for.</summary>
    Known = 128,
}

internal static unsafe class FeatureProbe
{
    /// <summary>Asks the root of a filesystem.</summary>
    public static FileSystemFeatures Ask(int root, string type)
    {
        var features = FileSystemFeatures.Known;
        if (Knows(root, "user.nfsdctl\0"u8))
            features |= FileSystemFeatures.UserAttributes;
        if (Knows(root, "system.posix_acl_access\0"u8) && Knows(root, "trusted.nfsdctl.acl\0"u8))
            features |= FileSystemFeatures.AccessLists;
        // There is no question to the kernel that changes nothing.
        if (type is "xfs" or "btrfs" or "bcachefs" or "ocfs2")
            features |= FileSystemFeatures.Clones;
        DiskQuota quota;
        if (Quotas.GetUser(root, 0, &quota) == 0)
            features |= FileSystemFeatures.UserQuotas;
        return features;
    }

    private static bool Knows(int root, ReadOnlySpan<byte> name)
    {
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(root, ref path);
        fixed (byte* p = name)
            return ExtendedAttributes.Get((byte*)&path, p, null, 0) >= 0 || Errno.Last is Errno.ENODATA or Errno.EACCES or Errno.EPERM;
    }
}
