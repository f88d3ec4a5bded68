using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>What a procedure answers, in the terms of version 4; written in those of the version that asked.</summary>
public struct NlmResult
{
    public nlm4_stats stat;

    /// <summary>With <see cref="nlm4_stats.NLM4_DENIED"/> of TEST, from here on: who holds what is in the way.</summary>
    public bool exclusive;
    public int svid;

    /// <summary>Has the holder's oh; null for a local program, which has none. Valid until the thread's next call.</summary>
    public LockHolder? holder;

    public LockRange range;

    /// <summary>True when there is no answer at all: the client asks again.</summary>
    public bool dropped;

    public static NlmResult Of(nlm4_stats stat) => new() { stat = stat };

    public static NlmResult Drop => new() { dropped = true };

    /// <summary>
    /// The status in versions 1 and 3, which end at DENIED_GRACE_PERIOD: a deadlock is a denial and anything else is a lack of
    /// locks (cast_to_nlm of the kernel).
    /// </summary>
    public static nlm_stats StatusOf(nlm4_stats stat) => stat switch
    {
        nlm4_stats.NLM4_GRANTED => nlm_stats.LCK_GRANTED,
        nlm4_stats.NLM4_DENIED or nlm4_stats.NLM4_DEADLCK => nlm_stats.LCK_DENIED,
        nlm4_stats.NLM4_BLOCKED => nlm_stats.LCK_BLOCKED,
        nlm4_stats.NLM4_DENIED_GRACE_PERIOD => nlm_stats.LCK_DENIED_GRACE_PERIOD,
        _ => nlm_stats.LCK_DENIED_NOLOCKS,
    };

    /// <summary>nlm_res and nlm4_res.</summary>
    public readonly void WriteStatus(uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w)
    {
        w.Opaque(cookie);
        WriteStat(version, ref w);
    }

    /// <summary>nlm_testres and nlm4_testres.</summary>
    public readonly void WriteTest(uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w)
    {
        WriteStatus(version, cookie, ref w);
        if (stat == nlm4_stats.NLM4_DENIED)
            WriteHolder(version, ref w);
    }

    /// <summary>nlm_shareres and nlm4_shareres; the sequence number has had no meaning since version 3 (XNFS chapter 10).</summary>
    public readonly void WriteShare(uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w)
    {
        WriteStatus(version, cookie, ref w);
        w.U32(0);
    }

    private readonly void WriteStat(uint version, ref XdrWriter w) =>
        w.U32(version == NLM_PROG.NLM4_VERS.Number ? (uint)stat : (uint)StatusOf(stat));

    private readonly void WriteHolder(uint version, ref XdrWriter w)
    {
        w.Bool(exclusive);
        w.I32(svid);
        w.Opaque(holder is null ? default : holder.OwnerHandle);
        ulong length = range.Length;
        if (version == NLM_PROG.NLM4_VERS.Number)
        {
            w.U64(range.Start);
            w.U64(length);
            return;
        }
        // What does not fit into 32 bits is told as far as it goes (loff_t_to_s32 of the kernel).
        w.U32((uint)Math.Min(range.Start, int.MaxValue));
        w.U32(length > int.MaxValue ? 0 : (uint)length);
    }
}
