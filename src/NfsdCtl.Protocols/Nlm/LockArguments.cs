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
    public static bool ReadLock(uint version, ref XdrReader r, out LockArguments a)
    {
        a = default;
        if (version == NLM_PROG.NLM4_VERS.Number)
        {
            if (!nlm4_lockargs.Read(ref r, out var v4))
                return false;
            a.Take(v4.alock);
            a.block = v4.block;
            a.exclusive = v4.exclusive;
            a.reclaim = v4.reclaim;
            a.state = v4.state;
            a.cookie = v4.cookie;
            return true;
        }
        if (!nlm_lockargs.Read(ref r, out var v3))
            return false;
        a.Take(v3.alock);
        a.block = v3.block;
        a.exclusive = v3.exclusive;
        a.reclaim = v3.reclaim;
        a.state = v3.state;
        a.cookie = v3.cookie;
        return true;
    }

    /// <summary>TEST and GRANTED.</summary>
    public static bool ReadTest(uint version, ref XdrReader r, out LockArguments a)
    {
        a = default;
        if (version == NLM_PROG.NLM4_VERS.Number)
        {
            if (!nlm4_testargs.Read(ref r, out var v4))
                return false;
            a.Take(v4.alock);
            a.exclusive = v4.exclusive;
            a.cookie = v4.cookie;
            return true;
        }
        if (!nlm_testargs.Read(ref r, out var v3))
            return false;
        a.Take(v3.alock);
        a.exclusive = v3.exclusive;
        a.cookie = v3.cookie;
        return true;
    }

    public static bool ReadCancel(uint version, ref XdrReader r, out LockArguments a)
    {
        a = default;
        if (version == NLM_PROG.NLM4_VERS.Number)
        {
            if (!nlm4_cancargs.Read(ref r, out var v4))
                return false;
            a.Take(v4.alock);
            a.block = v4.block;
            a.exclusive = v4.exclusive;
            a.cookie = v4.cookie;
            return true;
        }
        if (!nlm_cancargs.Read(ref r, out var v3))
            return false;
        a.Take(v3.alock);
        a.block = v3.block;
        a.exclusive = v3.exclusive;
        a.cookie = v3.cookie;
        return true;
    }

    public static bool ReadUnlock(uint version, ref XdrReader r, out LockArguments a)
    {
        a = default;
        if (version == NLM_PROG.NLM4_VERS.Number)
        {
            if (!nlm4_unlockargs.Read(ref r, out var v4))
                return false;
            a.Take(v4.alock);
            a.cookie = v4.cookie;
            return true;
        }
        if (!nlm_unlockargs.Read(ref r, out var v3))
            return false;
        a.Take(v3.alock);
        a.cookie = v3.cookie;
        return true;
    }

    private void Take(scoped in nlm4_lock l)
    {
        caller_name = l.caller_name;
        fh = l.fh;
        oh = l.oh;
        svid = l.svid;
        l_offset = l.l_offset;
        l_len = l.l_len;
    }

    private void Take(scoped in nlm_lock l)
    {
        caller_name = l.caller_name;
        fh = l.fh;
        oh = l.oh;
        svid = l.svid;
        l_offset = l.l_offset;
        l_len = l.l_len;
    }
}
