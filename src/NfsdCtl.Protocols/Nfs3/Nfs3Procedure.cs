using NfsdCtl.Protocols.Nfs3.Procedures;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3;

/// <summary>Answers one procedure: GARBAGE_ARGS when the arguments cannot be decoded, else a result, failures included.</summary>
internal delegate AcceptStatus Nfs3Handler(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply);

/// <summary>What the program must know of a procedure to run it.</summary>
/// <param name="Name">For logs and counters, as in RFC 1813.</param>
/// <param name="Handler">Answers it.</param>
internal sealed record Nfs3Procedure(string Name, Nfs3Handler Handler)
{
    /// <summary>
    /// Not to be executed twice (RFC 1813 §4.3): replies are remembered. WRITE is not among them, because writing the same
    /// bytes again does no harm and its arguments are long.
    /// </summary>
    public bool Remembered { get; init; }

    /// <summary>Reply room to be had before the handler runs, in bytes; procedures with long results ask for more themselves.</summary>
    public int Room { get; init; } = 512;

    /// <summary>The procedures of version 3, by number.</summary>
    public static Nfs3Procedure[] Table { get; } =
    [
        new("NULL", Null.Execute),
        new("GETATTR", GetAttr.Execute),
        new("SETATTR", SetAttr.Execute) { Remembered = true },
        new("LOOKUP", Lookup.Execute),
        new("ACCESS", Access.Execute),
        new("READLINK", ReadLink.Execute) { Room = ReadLink.Room },
        new("READ", Read.Execute),
        new("WRITE", Write.Execute),
        new("CREATE", Create.Execute) { Remembered = true },
        new("MKDIR", MkDir.Execute) { Remembered = true },
        new("SYMLINK", SymLink.Execute) { Remembered = true },
        new("MKNOD", MkNod.Execute) { Remembered = true },
        new("REMOVE", Remove.Execute) { Remembered = true },
        new("RMDIR", RmDir.Execute) { Remembered = true },
        new("RENAME", Rename.Execute) { Remembered = true },
        new("LINK", Link.Execute) { Remembered = true },
        new("READDIR", ReadDir.Execute),
        new("READDIRPLUS", ReadDirPlus.Execute),
        new("FSSTAT", FsStat.Execute),
        new("FSINFO", FsInfo.Execute),
        new("PATHCONF", PathConf.Execute),
        new("COMMIT", Commit.Execute),
    ];
}
