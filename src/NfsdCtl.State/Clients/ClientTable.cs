using NfsdCtl.State.Records;
using NfsdCtl.State.Release;

namespace NfsdCtl.State.Clients;

/// <summary>
/// The clients that are on record for each scope (NSM monitors): a mirror of what is on the filesystem, kept so that a lock of a
/// recorded client costs no look-up on disk. A record stays <see cref="StateOptions.Linger"/> after the last unlock.
/// </summary>
public sealed class ClientTable
{
    /// <summary>Takes over what the disk knows of a scope from an earlier life, before its window is opened.</summary>
    public void Load(in GateScope gate, Scope scope, ScopeRecord record) => throw new NotImplementedException();

    /// <summary>
    /// The record that <see cref="RecordNeed"/> asked for is on disk (<paramref name="durable"/>), or could not be written; then
    /// nothing is left of the attempt.
    /// </summary>
    public void Recorded(in GateScope gate, in RecordNeed need, bool durable) => throw new NotImplementedException();

    /// <summary>The removal that an effect ForgetClient asked for is on disk, or failed and is asked for again later.</summary>
    public void Forgotten(in GateScope gate, long id, bool durable) => throw new NotImplementedException();

    /// <summary>
    /// The client's machine started anew (SM_NOTIFY, FREE_ALL): all it held is released, and it will not reclaim. A state number
    /// that was seen before is ignored (0 is never ignored).
    /// </summary>
    /// <param name="callerName">Empty for every name at that client address.</param>
    /// <param name="server">The server address, or any.</param>
    public ReleaseCounts Rebooted(in GateScope gate, NetAddress client, ReadOnlySpan<byte> callerName, NetAddress server, uint nsmState) =>
        throw new NotImplementedException();

    /// <summary>The known clients of the scopes that <paramref name="scope"/> covers: whom to send SM_NOTIFY.</summary>
    public void CopyKnown(in GateScope gate, Scope scope, List<KnownClient> into) => throw new NotImplementedException();
}

/// <summary>A client on record.</summary>
/// <param name="Held">Lock ranges it holds now.</param>
/// <param name="Expected">Lock ranges it held in the life before; null when unknown.</param>
/// <param name="MayReclaim">It is known to have held locks before and has not lost the right.</param>
/// <param name="Done">Nothing more is expected of it in an open window.</param>
public readonly record struct KnownClient(Scope Scope, ClientName Name, uint NsmState, long Held, long? Expected, bool MayReclaim, bool Done);
