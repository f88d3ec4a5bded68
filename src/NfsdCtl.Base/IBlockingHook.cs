namespace NfsdCtl;

/// <summary>
/// Told before the current call does something that may block for long (fsync, a cold read), so that whoever runs it can
/// let other calls go on elsewhere.
/// </summary>
public interface IBlockingHook
{
    /// <summary>Cheap when called twice; spans that the call holds stay valid.</summary>
    void BeforeBlocking();

    /// <summary>
    /// Keeps the reply of the current call back until the hold is released, while the thread goes on with other calls. Null where
    /// that cannot be: then the caller waits itself. Each hold is released exactly once, from any thread.
    /// </summary>
    IReplyHold? HoldReply();

    /// <summary>
    /// Has work done on this thread before the reply of the current call is sent, together with that of the calls before and after it whose replies
    /// leave at once. False where that cannot be: then the caller does it itself.
    /// </summary>
    /// <param name="work">Put off once, however often it is named before it runs.</param>
    bool BeforeReply(IPutOff work);
}

/// <summary>Work that several calls have put off, done once for all of them.</summary>
public interface IPutOff
{
    void Run();
}

/// <summary>What a reply waits for, for instance that a change is on disk.</summary>
public interface IReplyHold
{
    /// <param name="good">False: it failed, and the call is answered with an error instead.</param>
    void Release(bool good);
}
