namespace NfsdCtl.State.Nfs4.Sessions;

/// <summary>One slot of a session: the last request under it and what was answered (RFC 8881 §2.10.6.1).</summary>
internal sealed class Slot
{
}
