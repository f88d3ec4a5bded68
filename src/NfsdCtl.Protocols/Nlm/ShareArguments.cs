using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>The arguments of SHARE and UNSHARE, the same in versions 3 and 4. Borrows from the request.</summary>
public ref struct ShareArguments
{
    public ReadOnlySpan<byte> cookie;
    public ReadOnlySpan<byte> caller_name;
    public ReadOnlySpan<byte> fh;
    public ReadOnlySpan<byte> oh;
    public fsh_mode mode;
    public fsh_access access;

    /// <summary>Counted, unlike in lockd, whose decoder skips it and so refuses every reclaim in grace.</summary>
    public bool reclaim;

    public static bool Read(ref XdrReader r, out ShareArguments a)
    {
        a = default;
        if (!nlm4_shareargs.Read(ref r, out var read))
            return false;
        a.cookie = read.cookie;
        a.caller_name = read.share.caller_name;
        a.fh = read.share.fh;
        a.oh = read.share.oh;
        a.mode = read.share.mode;
        a.access = read.share.access;
        a.reclaim = read.reclaim;
        return true;
    }
}
