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
        if (options.Squash == Squash.None)
            return credential;
        if (uid == 0)
            credential.Uid = options.AnonUid;
        if (gid == 0)
            credential.Gid = options.AnonGid;
        credential.ReplaceGroup(0, options.AnonGid);
        return credential;
    }
}
