namespace NfsdCtl.Vfs.Exports;

/// <summary>The kinds of client specifications, most specific first: the first kind that matches wins, as in mountd.</summary>
public enum ClientKind : byte
{
    /// <summary>A single address, or a host name that was resolved to its addresses.</summary>
    Host,

    /// <summary>A network: address/bits or address/netmask.</summary>
    Subnet,

    /// <summary>A name with <c>*</c> or <c>?</c>, matched against the client's reverse-resolved name.</summary>
    Wildcard,

    /// <summary><c>*</c>, or nothing before the options.</summary>
    Anyone,
}

/// <summary>Who may use an export: one host word of exports(5).</summary>
public sealed record ClientSpec(ClientKind Kind, string Text)
{
    public static ClientSpec Anyone { get; } = new(ClientKind.Anyone, "*");

    /// <summary>For <see cref="ClientKind.Host"/>: its addresses; for a name, filled when the table is loaded.</summary>
    public IReadOnlyList<NetAddress> Addresses { get; init; } = [];

    /// <summary>For <see cref="ClientKind.Subnet"/>.</summary>
    public NetAddress Network { get; init; }

    /// <summary>For <see cref="ClientKind.Subnet"/>: 0..32 or 0..128.</summary>
    public int PrefixBits { get; init; }

    /// <summary>True for a host name that is still to be resolved.</summary>
    public bool NeedsResolution => Kind == ClientKind.Host && Addresses.Count == 0;

    internal ExportMatch Match(NetAddress client, IClientNames names)
    {
        switch (Kind)
        {
            case ClientKind.Host:
                for (int i = 0; i < Addresses.Count; i++)
                    if (Addresses[i] == client)
                        return ExportMatch.Found;
                return ExportMatch.None;
            case ClientKind.Subnet:
                return client.IsIn(Network, PrefixBits) ? ExportMatch.Found : ExportMatch.None;
            case ClientKind.Wildcard:
                if (!names.TryGetName(client, out string? name))
                    return ExportMatch.Pending;
                return name is not null && MatchesWildcard(Text, name) ? ExportMatch.Found : ExportMatch.None;
            default:
                return ExportMatch.Found;
        }
    }

    /// <summary>
    /// <c>*</c> and <c>?</c> stand for any characters, dots included, <c>[…]</c> for one of a class (exports(5), Machine Name
    /// Formats); case does not count.
    /// </summary>
    public static bool MatchesWildcard(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, star = -1, mark = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = n;
            }
            else if (p < pattern.Length && MatchesOne(pattern, name[n], ref p))
            {
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }
        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>One character against one element of the pattern, behind which <paramref name="p"/> moves on a match.</summary>
    private static bool MatchesOne(ReadOnlySpan<char> pattern, char c, ref int p)
    {
        c = char.ToLowerInvariant(c);
        int end = pattern[p] == '[' ? pattern[p..].IndexOf(']') : -1;
        if (end < 0)
        {
            if (pattern[p] != '?' && char.ToLowerInvariant(pattern[p]) != c)
                return false;
            p++;
            return true;
        }
        var members = pattern.Slice(p + 1, end - 1);
        bool negated = members is ['!' or '^', ..];
        if (negated)
            members = members[1..];
        bool found = false;
        for (int i = 0; i < members.Length; i++)
        {
            bool range = i + 2 < members.Length && members[i + 1] == '-';
            char low = char.ToLowerInvariant(members[i]), high = range ? char.ToLowerInvariant(members[i + 2]) : low;
            found |= c >= low && c <= high;
            i += range ? 2 : 0;
        }
        if (found == negated)
            return false;
        p += end + 1;
        return true;
    }

    public override string ToString() => Text;
}
