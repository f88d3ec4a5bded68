using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.State.Shares;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>The file that OPEN is about: found, or made.</summary>
internal struct OpenTarget
{
    private const uint DefaultMode = 0x1A4; // 0644

    public FileRef File;

    /// <summary>Of the directory; nothing where the file is not reached by a name.</summary>
    public WccData Directory;

    /// <summary>attrset.</summary>
    public AttributeSet Set;

    /// <summary>This call made it, or, exclusively, an earlier try of it.</summary>
    public bool Made;

    /// <summary>What the file is to be cut to, once it is open; null for nothing.</summary>
    public ulong? Size;

    /// <summary>Finds or makes the file, and checks that it can be opened by this caller. It is to be disposed when the status is OK.</summary>
    public static nfsstat4 Get(Compound compound, scoped in OpenArguments args, ShareAccess access, out OpenTarget target)
    {
        target = default;
        var status = nfsstat4.NFS4ERR_SERVERFAULT;
        try
        {
            status = args.IsByHandle ? target.TakeCurrent(compound)
                : args.Creates ? target.Make(compound, args)
                : target.Find(compound, args.Name);
            if (status == nfsstat4.NFS4_OK)
                status = target.Check(compound, access);
            return status;
        }
        finally
        {
            if (status != nfsstat4.NFS4_OK)
                target.File.Dispose();
        }
    }

    private nfsstat4 TakeCurrent(Compound compound)
    {
        if (compound.Current.Pseudo is not null)
            return nfsstat4.NFS4ERR_ISDIR;
        File = compound.File.Share();
        return nfsstat4.NFS4_OK;
    }

    private nfsstat4 Find(Compound compound, ReadOnlySpan<byte> name)
    {
        var status = Lookup.Find(compound, name, out var found);
        if (status == nfsstat4.NFS4_OK && found.Pseudo is not null)
            return nfsstat4.NFS4ERR_ISDIR;
        File = found.File;
        // Below the tree that joins exports there are their roots, which are directories.
        if (status == nfsstat4.NFS4_OK && compound.Current.Pseudo is not null)
            return nfsstat4.NFS4ERR_ISDIR;
        if (status == nfsstat4.NFS4_OK)
            compound.Files.FillAfter(compound.File, ref Directory);
        Directory.HasBefore = Directory.HasAfter;
        Directory.ChangeBefore = Directory.After.ChangeCookie;
        return status;
    }

    private nfsstat4 Make(Compound compound, scoped in OpenArguments args)
    {
        if (compound.Current.Pseudo is not null)
            return nfsstat4.NFS4ERR_ROFS;
        var status = Names.RequireDirectory(compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = Names.Check(args.Name);
        AttributeChange change = default;
        if (status == nfsstat4.NFS4_OK && args.HasAttributes)
        {
            var attributes = args.Attributes;
            status = compound.Service.Attributes.Decode(compound, ref attributes, out change);
        }
        if (status == nfsstat4.NFS4_OK && args.Mode == createmode4.EXCLUSIVE4_1
            && !change.Named.Without(compound.Service.Attributes.ExclusiveCreate).IsEmpty)
            status = nfsstat4.NFS4ERR_INVAL;
        if (status != nfsstat4.NFS4_OK)
            return status;
        status = MakeFile(compound, args, change);
        return status == nfsstat4.NFS4_OK && Made ? Finish(compound, args, change) : status;
    }

    /// <summary>The size is left for later: what somebody has open with a deny mode must not be cut.</summary>
    private nfsstat4 MakeFile(Compound compound, scoped in OpenArguments args, scoped in AttributeChange change)
    {
        var set = change.Basic;
        Size = set.Size;
        set.Size = null;
        if (args.HasAttributes)
            set.Mode ??= DefaultMode;
        var how = args.Mode switch
        {
            createmode4.UNCHECKED4 => CreateHow.Unchecked,
            createmode4.GUARDED4 => CreateHow.Guarded,
            _ => CreateHow.Exclusive,
        };
        var status = compound.Files.Create(compound.File, args.Name, how, set, args.Verifier, out File, out _, out Directory, out Made).ToNfs();
        // What is there and is no file: the check of its type says what it is.
        if (status == nfsstat4.NFS4ERR_EXIST && how == CreateHow.Unchecked)
            return Find(compound, args.Name);
        // A file that was there is cut to nothing or left alone (RFC 8881 §18.16.3).
        if (!Made && Size != 0)
            Size = null;
        return status;
    }

    /// <summary>The rest of a new file's attributes, and all of it on stable storage (RFC 8881 §18.16.3).</summary>
    private nfsstat4 Finish(Compound compound, scoped in OpenArguments args, scoped in AttributeChange change)
    {
        var status = nfsstat4.NFS4_OK;
        if (args.HasAttributes)
            status = compound.Service.Attributes.Complete(compound, compound.File, File, change, out Set);
        // The verifier is kept in them, and the client sets them when it has its file (RFC 7530 §16.16.5).
        if (args.IsExclusive)
            Set |= AttributeSet.Of(Nfs4Constants.FATTR4_TIME_ACCESS, Nfs4Constants.FATTR4_TIME_MODIFY);
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.CommitMetadata(File).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.CommitMetadata(compound.File).ToNfs();
        if (status != nfsstat4.NFS4_OK)
            File.Dispose();
        return status;
    }

    /// <summary>Whoever made a file may use it as it wants to, whatever mode it gave it.</summary>
    private readonly nfsstat4 Check(Compound compound, ShareAccess access)
    {
        var status = File.Type switch
        {
            FileType.Regular => nfsstat4.NFS4_OK,
            FileType.Directory => nfsstat4.NFS4ERR_ISDIR,
            FileType.Symlink => nfsstat4.NFS4ERR_SYMLINK,
            // RFC 7530 §16.16.6 has SYMLINK for them, as there was no other status that fits.
            _ => compound.MinorVersion == 0 ? nfsstat4.NFS4ERR_SYMLINK : nfsstat4.NFS4ERR_WRONG_TYPE,
        };
        if (status != nfsstat4.NFS4_OK || Made)
            return status;
        bool writes = (access & ShareAccess.Write) != 0;
        if (writes && File.Export.Options.ReadOnly)
            return nfsstat4.NFS4ERR_ROFS;
        var wanted = (writes ? AccessMask.Modify : 0) | ((access & ShareAccess.Read) != 0 ? AccessMask.Read : 0);
        status = compound.Files.Access(File, wanted, out var granted, out _).ToNfs();
        return status == nfsstat4.NFS4_OK && granted != wanted ? nfsstat4.NFS4ERR_ACCESS : status;
    }
}
