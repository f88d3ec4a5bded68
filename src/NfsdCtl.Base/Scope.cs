namespace NfsdCtl;

/// <summary>
/// The unit of release, grace, recovery and hand-over: one server address and one filesystem. Either part may be "any"
/// in a selector or a grace window; a piece of state always carries both.
/// </summary>
public readonly record struct Scope(NetAddress Server, FsId FileSystem)
{
    /// <summary>True when every state of <paramref name="tag"/> is selected by this scope.</summary>
    public bool Covers(Scope tag) =>
        (Server.IsWildcard || Server == tag.Server) && (FileSystem.IsAny || FileSystem == tag.FileSystem);

    public override string ToString() => $"{(Server.IsWildcard ? "any" : Server)} {(FileSystem.IsAny ? "any" : FileSystem)}";
}
