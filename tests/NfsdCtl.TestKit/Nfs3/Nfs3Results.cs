using NfsdCtl.Protocols.Nfs3;

namespace NfsdCtl.TestKit.Nfs3;

public sealed record GetAttrResult(nfsstat3 Status, fattr3 Attributes);

public sealed record LookupResult(nfsstat3 Status, byte[] Handle, post_op_attr Object, post_op_attr Directory);

public sealed record AccessResult(nfsstat3 Status, post_op_attr Object, uint Access);

public sealed record ReadLinkResult(nfsstat3 Status, post_op_attr Link, byte[] Target);

public sealed record ReadResult(nfsstat3 Status, post_op_attr File, uint Count, bool EndOfFile, byte[] Data);

public sealed record WriteResult(nfsstat3 Status, wcc_data Wcc, uint Count, stable_how Committed, ulong Verifier);

/// <summary>What CREATE, MKDIR, SYMLINK and MKNOD answer.</summary>
public sealed record CreateResult(nfsstat3 Status, byte[] Handle, post_op_attr Object, wcc_data Directory);

/// <summary>What SETATTR, REMOVE and RMDIR answer; COMMIT too, with a verifier.</summary>
public sealed record ChangeResult(nfsstat3 Status, wcc_data Wcc, ulong Verifier = 0);

public sealed record RenameResult(nfsstat3 Status, wcc_data From, wcc_data To);

public sealed record LinkResult(nfsstat3 Status, post_op_attr File, wcc_data Directory);

/// <summary>An entry of a listing; <see cref="Handle"/> is null with READDIR, or when there was none.</summary>
public sealed record ListedEntry(ulong FileId, string Name, ulong Cookie, post_op_attr Attributes, byte[]? Handle);

public sealed record ListResult(nfsstat3 Status, post_op_attr Directory, byte[] Verifier, IReadOnlyList<ListedEntry> Entries, bool EndOfDirectory, int Size);

public sealed record FsStatResult(nfsstat3 Status, FSSTAT3resok Space);

public sealed record FsInfoResult(nfsstat3 Status, FSINFO3resok Info);

public sealed record PathConfResult(nfsstat3 Status, PATHCONF3resok Limits);
