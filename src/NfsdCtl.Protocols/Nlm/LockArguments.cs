using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>
/// The arguments of TEST, LOCK, NM_LOCK, CANCEL, UNLOCK and GRANTED in the form of version 4, whatever version they came
/// in: 32-bit offsets are widened, which loses nothing. Borrows from the request.
/// </summary>
public ref struct LockArguments
{
    public ReadOnlySpan<byte> cookie;
    public ReadOnlySpan<byte> caller_name;
    public ReadOnlySpan<byte> fh;
    public ReadOnlySpan<byte> oh;
    public int svid;
    public ulong l_offset;

    /// <summary>0: to the end of the file.</summary>
    public ulong l_len;

    public bool block;
    public bool exclusive;
    public bool reclaim;

    /// <summary>The state number of the client's status monitor, in LOCK and NM_LOCK.</summary>
    public int state;

    /// <summary>
    /// The range; false when it does not fit into a file (FBIG), whose last byte is 2^63-2 at most (nlm4svc_retrieve_args of
    /// the kernel).
    /// </summary>
    public readonly bool TryGetRange(out LockRange range)
    {
        range = default;
        if (l_offset > long.MaxValue || (l_len > 0 && l_len - 1 > long.MaxValue - l_offset))
            return false;
        return LockRange.TryFrom(l_offset, l_len, out range);
    }

    /// <summary>LOCK and NM_LOCK.</summary>
    public static bool ReadLock(uint version, ref XdrReader r, out LockArguments a) => Read(version, ref r, Parts.Block | Parts.Exclusive | Parts.Reclaim, out a);

    /// <summary>TEST and GRANTED.</summary>
    public static bool ReadTest(uint version, ref XdrReader r, out LockArguments a) => Read(version, ref r, Parts.Exclusive, out a);

    public static bool ReadCancel(uint version, ref XdrReader r, out LockArguments a) => Read(version, ref r, Parts.Block | Parts.Exclusive, out a);

    public static bool ReadUnlock(uint version, ref XdrReader r, out LockArguments a) => Read(version, ref r, Parts.None, out a);

    /// <summary>What the versions have in common, the width of a range being the difference, and what only some calls have.</summary>
    private static bool Read(uint version, ref XdrReader r, Parts parts, out LockArguments a)
    {
        bool wide = version == NLM_PROG.NLM4_VERS.Number;
        a = default;
        a.cookie = r.Opaque(NlmConstants.MAXNETOBJ_SZ);
        a.block = (parts & Parts.Block) != 0 && r.Bool();
        a.exclusive = (parts & Parts.Exclusive) != 0 && r.Bool();
        a.caller_name = r.Opaque(NlmConstants.LM_MAXSTRLEN);
        a.fh = r.Opaque(NlmConstants.MAXNETOBJ_SZ);
        a.oh = r.Opaque(NlmConstants.MAXNETOBJ_SZ);
        a.svid = r.I32();
        a.l_offset = wide ? r.U64() : r.U32();
        a.l_len = wide ? r.U64() : r.U32();
        if ((parts & Parts.Reclaim) != 0)
        {
            a.reclaim = r.Bool();
            a.state = r.I32();
        }
        return !r.Failed;
    }

    [Flags]
    private enum Parts
    {
        None = 0,
        Block = 1,
        Exclusive = 2,

        /// <summary>reclaim and state.</summary>
        Reclaim = 4,
    }
}
