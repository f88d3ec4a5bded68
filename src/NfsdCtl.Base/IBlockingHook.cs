namespace NfsdCtl;

/// <summary>
/// Told before the current call does something that may block for long (fsync, a cold read), so that whoever runs it can
/// let other calls go on elsewhere.
/// </summary>
public interface IBlockingHook
{
    /// <summary>Cheap when called twice; spans that the call holds stay valid.</summary>
    void BeforeBlocking();
}
