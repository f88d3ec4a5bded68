using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Vfs;

/// <summary>Replaces the ids that an export does not trust (nfsd_setuser, fs/nfsd/auth.c).</summary>
public static class Squasher
{
    /// <summary>With <c>root_squash</c> uid 0, gid 0 and group 0 of the list become anonymous, each for itself.</summary>
    public static Credential Apply(uint uid, uint gid, ReadOnlySpan<uint> groups, ExportOptions options)
    {
        if (options.Squash == Squash.All)
            return new Credential(options.AnonUid, options.AnonGid, []);
        var credential = new Credential(uid, gid, groups);
        // -1 is no id: to the kernel it means "no change". Clients that send it are anonymous, whatever the export says.
        Replace(ref credential, uint.MaxValue, options);
        if (options.Squash == Squash.Root)
            Replace(ref credential, 0, options);
        return credential;
    }

    private static void Replace(ref Credential credential, uint id, ExportOptions options)
    {
        if (credential.Uid == id)
            credential.Uid = options.AnonUid;
        if (credential.Gid == id)
            credential.Gid = options.AnonGid;
        credential.ReplaceGroup(id, options.AnonGid);
    }
}
