using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace NfsdCtl;

/// <summary>
/// A canonical IP address, compared as 128 bits and never as text. IPv4 is held v4-mapped (RFC 4291 §2.5.5.2), so that
/// 10.0.0.1 and ::ffff:10.0.0.1 are one address; 10.0.0.1 and 10.0.0.10 are two. A scope id counts for link-local
/// addresses only, as in the kernel's rpc_cmp_addr. The default value is the wildcard and means "any".
/// </summary>
public readonly struct NetAddress : IEquatable<NetAddress>
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;
    private readonly ulong high;
    private readonly ulong low;
    private readonly uint scopeId;

    public NetAddress(ulong high, ulong low, uint scopeId)
    {
        this.high = high;
        this.low = low;
        this.scopeId = (high & 0xFFC0_0000_0000_0000) == 0xFE80_0000_0000_0000 ? scopeId : 0;
    }

    /// <summary>The wildcard, standing for "any address" in selectors and grace windows.</summary>
    public static NetAddress Any => default;

    /// <summary>True for the address family AF_INET: a v4-mapped address.</summary>
    public bool IsV4 => high == 0 && (low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>True for ::, 0.0.0.0 and the default value.</summary>
    public bool IsWildcard => high == 0 && (low == 0 || low == MappedPrefix);

    public bool IsLoopback => high == 0 && (low == 1 || (low & 0xFFFF_FFFF_FF00_0000) == (MappedPrefix | 0x7F00_0000));

    /// <summary>The IPv4 address in host order; meaningful when <see cref="IsV4"/>.</summary>
    public uint V4 => (uint)low;

    public uint ScopeId => scopeId;

    public ulong High => high;

    public ulong Low => low;

    public static NetAddress FromV4(uint hostOrder) => new(0, MappedPrefix | hostOrder, 0);

    /// <summary>From 4 or 16 bytes in network order.</summary>
    /// <exception cref="ArgumentException">Another length.</exception>
    public static NetAddress FromBytes(ReadOnlySpan<byte> bytes, uint scopeId = 0) => bytes.Length switch
    {
        4 => FromV4(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
        16 => new NetAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), scopeId),
        _ => throw new ArgumentException("an address has 4 or 16 bytes", nameof(bytes)),
    };

    public static NetAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int n);
        return FromBytes(bytes[..n], address.AddressFamily == AddressFamily.InterNetworkV6 ? (uint)address.ScopeId : 0);
    }

    /// <summary>Writes the 16 bytes of the canonical (v4-mapped) form in network order.</summary>
    public void CopyTo(Span<byte> sixteen)
    {
        BinaryPrimitives.WriteUInt64BigEndian(sixteen, high);
        BinaryPrimitives.WriteUInt64BigEndian(sixteen[8..], low);
    }

    /// <summary>True when the first <paramref name="bits"/> bits (0..32 for IPv4, 0..128 for IPv6) equal those of <paramref name="network"/>.</summary>
    public bool IsIn(NetAddress network, int bits)
    {
        if (IsV4 != network.IsV4)
            return false;
        int n = IsV4 ? bits + 96 : bits;
        ulong highMask = n >= 64 ? ulong.MaxValue : n == 0 ? 0 : ulong.MaxValue << (64 - n);
        ulong lowMask = n <= 64 ? 0 : n >= 128 ? ulong.MaxValue : ulong.MaxValue << (128 - n);
        return ((high ^ network.high) & highMask) == 0 && ((low ^ network.low) & lowMask) == 0;
    }

    /// <summary>
    /// Dotted IPv4 with exactly four decimal parts, or IPv6 with an optional %scope (a number or an interface name).
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NetAddress address)
    {
        address = default;
        if (string.IsNullOrEmpty(text) || text.Length > 64)
            return false;
        if (!text.Contains(':', StringComparison.Ordinal))
            return TryParseV4(text, out address);
        if (text.Contains('[', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var ip))
            return false;
        address = From(ip);
        return true;
    }

    private static bool TryParseV4(string text, out NetAddress address)
    {
        address = default;
        uint value = 0;
        int parts = 0;
        foreach (var range in text.AsSpan().Split('.'))
        {
            var part = text.AsSpan(range);
            if (++parts > 4 || part.Length is 0 or > 3)
                return false;
            uint octet = 0;
            foreach (char c in part)
            {
                if (!char.IsAsciiDigit(c))
                    return false;
                octet = octet * 10 + (uint)(c - '0');
            }
            if (octet > 255)
                return false;
            value = value << 8 | octet;
        }
        address = FromV4(value);
        return parts == 4;
    }

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        CopyTo(bytes);
        return IsV4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes, scopeId);
    }

    public bool Equals(NetAddress other) => high == other.high && low == other.low && scopeId == other.scopeId;

    public override bool Equals(object? obj) => obj is NetAddress a && Equals(a);

    public override int GetHashCode() => HashCode.Combine(high, low, scopeId);

    public override string ToString() => ToIPAddress().ToString();

    public static bool operator ==(NetAddress a, NetAddress b) => a.Equals(b);

    public static bool operator !=(NetAddress a, NetAddress b) => !a.Equals(b);
}
