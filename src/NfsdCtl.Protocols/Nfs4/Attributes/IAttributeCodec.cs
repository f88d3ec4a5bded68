using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>Attributes of files and of the directories that join exports, as fattr4 (RFC 8881 §5).</summary>
internal interface IAttributeCodec
{
    /// <summary>
    /// Writes a fattr4 (bitmap and values) of what is supported among <paramref name="wanted"/>; asks the reply for room itself.
    /// On another status than OK nothing is left written. Statuses: OK, INVAL (a write-only attribute was asked for), STALE, IO, MOVED, DELAY.
    /// </summary>
    nfsstat4 Encode(Compound call, in CompoundFile file, AttributeSet wanted, ref XdrWriter reply);

    /// <summary>
    /// The same for a name of a directory that is being listed, without opening the file where that can be avoided. A failure is the
    /// caller's to tell: as rdattr_error where that was asked for, else as READDIR's status.
    /// </summary>
    nfsstat4 EncodeEntry(Compound call, in CompoundFile directory, ref DirectoryReader reader, AttributeSet wanted, ref XdrWriter reply);

    /// <summary>
    /// Reads a fattr4 that is to be set. Statuses: OK, BADXDR, ATTRNOTSUPP, INVAL (read-only attribute, impossible value), BADOWNER,
    /// BADCHAR.
    /// </summary>
    nfsstat4 Decode(Compound call, scoped ref XdrReader arguments, out AttributeChange change);

    /// <summary>Sets them on an existing file, as SETATTR does. <paramref name="set"/>: what was set, also when something failed.</summary>
    nfsstat4 Apply(Compound call, in FileRef file, scoped in AttributeChange change, out AttributeSet set);

    /// <summary>
    /// After a file was made with <see cref="AttributeChange.Basic"/>: what is left to be set (an ACL, or what is inherited from the
    /// directory). <paramref name="set"/>: all of the change that is in force now.
    /// </summary>
    nfsstat4 Complete(Compound call, in FileRef directory, in FileRef made, scoped in AttributeChange change, out AttributeSet set);

    /// <summary>
    /// Compares a fattr4 of the client with the file (VERIFY, NVERIFY). Statuses: SAME, NOT_SAME, BADXDR, ATTRNOTSUPP, INVAL, or why they cannot
    /// be had.
    /// </summary>
    nfsstat4 Compare(Compound call, in CompoundFile file, scoped ref XdrReader arguments);

    /// <summary>What EXCLUSIVE4_1 can set at once (suppattr_exclcreat).</summary>
    AttributeSet ExclusiveCreate { get; }
}

/// <summary>What SETATTR, OPEN and CREATE want to set.</summary>
internal ref struct AttributeChange
{
    /// <summary>Every attribute that the client named.</summary>
    public AttributeSet Named;

    /// <summary>What the file layer sets by itself: mode, owner, group, size, times.</summary>
    public SetAttributes Basic;

    /// <summary>With mode_set_masked: the bits of <see cref="SetAttributes.Mode"/> that count; the others stay as they are.</summary>
    public uint? ModeMask;

    /// <summary>acl or dacl was given.</summary>
    public bool HasAcl;

    /// <summary>nfsace4&lt;&gt; as it came; of use only with <see cref="HasAcl"/>.</summary>
    public ReadOnlySpan<byte> Acl;
}
