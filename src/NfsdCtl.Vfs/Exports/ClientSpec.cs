namespace NfsdCtl.Vfs.Exports;

/// <summary>The kinds of client specifications, most specific first: the first kind that matches wins, as in mountd.</summary>
public enum ClientKind : byte
{
    /// <summary>A single address, or a host name that was resolved to its addresses.</summary>
    Host,

    /// <summary>A network: address/bits or address/netmask.</summary>
    Subnet,

    /// <summary>A name with <c>*</c>, <c>?</c> or <c>[…]</c>, matched against the client's reverse-resolved name.</summary>
    Wildcard,

    /// <summary><c>*</c>, or nothing before the options.</summary>
    Anyone,
}

/// <summary>Who may use an export: one host word of exports(5).</summary>
public sealed record ClientSpec(ClientKind Kind, string Text)
{
    /// <summary>For <see cref="ClientKind.Host"/>: its addresses; for a name, filled when the table is loaded.</summary>
    public IReadOnlyList<NetAddress> Addresses { get; init; } = [];

    /// <summary>For <see cref="ClientKind.Subnet"/>.</summary>
    public NetAddress Network { get; init; }

    /// <summary>For <see cref="ClientKind.Subnet"/>: 0..32 or 0..128.</summary>
    public int PrefixBits { get; init; }

    public override string ToString() => Text;
}
