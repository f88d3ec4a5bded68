using NfsdCtl.State.Locks;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>The two total translations into NLM's statuses.</summary>
internal static class NlmStatus
{
    /// <summary>As the table in admin-files "what each request gets" has it for NLM.</summary>
    public static nlm4_stats Of(LockOutcome outcome) => outcome switch
    {
        LockOutcome.Granted => nlm4_stats.NLM4_GRANTED,
        LockOutcome.Denied => nlm4_stats.NLM4_DENIED,
        LockOutcome.Blocked => nlm4_stats.NLM4_BLOCKED,
        LockOutcome.Deadlock => nlm4_stats.NLM4_DEADLCK,
        LockOutcome.Grace or LockOutcome.NoGrace => nlm4_stats.NLM4_DENIED_GRACE_PERIOD,
        LockOutcome.NotReclaimable or LockOutcome.NoResources or LockOutcome.NeedsRecord => nlm4_stats.NLM4_DENIED_NOLOCKS,
        // CANCEL and UNLOCK of what is not there have reached their end (lockd answers so too).
        LockOutcome.NotFound => nlm4_stats.NLM4_GRANTED,
        _ => nlm4_stats.NLM4_FAILED,
    };

    /// <summary>
    /// Why a file cannot be locked. A handle that means nothing is FAILED, one whose file or export is gone is STALE_FH (nlm_fopen
    /// of the kernel).
    /// </summary>
    public static nlm4_stats Of(VfsStatus status) => status switch
    {
        VfsStatus.Ok => nlm4_stats.NLM4_GRANTED,
        VfsStatus.Stale or VfsStatus.NoEnt => nlm4_stats.NLM4_STALE_FH,
        VfsStatus.RoFs => nlm4_stats.NLM4_ROFS,
        VfsStatus.FBig => nlm4_stats.NLM4_FBIG,
        VfsStatus.NoSpc or VfsStatus.DQuot => nlm4_stats.NLM4_DENIED_NOLOCKS,
        _ => nlm4_stats.NLM4_FAILED,
    };
}
