using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Peers;

/// <summary>Encodes the arguments of calls to peers, off the hot path.</summary>
internal static class PeerArguments
{
    public delegate void Encode(ref XdrWriter w);

    /// <summary>What <paramref name="encode"/> writes, in an array of its own; at most 8 KiB.</summary>
    public static byte[] Of(Encode encode)
    {
        var w = new XdrWriter(new byte[8 << 10]);
        encode(ref w);
        return w.Overflow ? throw new InvalidOperationException("arguments over 8 KiB") : w.Written.ToArray();
    }
}
