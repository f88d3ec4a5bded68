namespace NfsdCtl.Protocols.Nfs4.Callback;

/// <summary>One slot of a back channel (RFC 8881 §2.10.6.1, the server being the requester). Guarded by its session.</summary>
internal sealed class CallbackSlot(uint number)
{
    public uint Number { get; } = number;

    /// <summary>The sequence of the last request that was answered.</summary>
    public uint Sequence { get; set; }

    /// <summary>
    /// The arguments of the request that is on its way. What has no answer when its connection breaks is sent again, the same under the same sequence,
    /// over another one; null when the slot is free.
    /// </summary>
    public byte[]? Request { get; set; }

    /// <summary>How often something was sent under it: tells the answer to a sending from that to an earlier one.</summary>
    public int Sendings { get; set; }

    /// <summary>The request is not on its way: it waits for a connection.</summary>
    public bool Stranded { get; set; }

    /// <summary>Told how CB_SEQUENCE went, and of the status of the operation behind it.</summary>
    public Action<CallbackOutcome, nfsstat4>? Done { get; set; }
}
