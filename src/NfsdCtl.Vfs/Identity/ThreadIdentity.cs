namespace NfsdCtl.Vfs;

/// <summary>
/// The file-system identity of the current thread (setfsuid and friends, by raw system calls so that only this thread
/// changes). Set absolutely and verified; skipped when it is the same as before.
/// </summary>
public static class ThreadIdentity
{
    /// <exception cref="InvalidOperationException">The kernel refused: the server is not root.</exception>
    public static void Become(in Credential credential) => throw new NotImplementedException();

    public static void BecomeRoot() => throw new NotImplementedException();
}
