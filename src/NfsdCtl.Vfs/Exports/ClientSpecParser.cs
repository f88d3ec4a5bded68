using System.Globalization;
using System.Numerics;

namespace NfsdCtl.Vfs.Exports;

/// <summary>Reads one client word of exports(5).</summary>
public static class ClientSpecParser
{
    /// <param name="word">What stands before the options; empty means everyone.</param>
    /// <param name="client">The specification, when the word is good.</param>
    /// <param name="remedy">What is wrong and how to put it right, when it is not.</param>
    public static bool TryParse(string word, out ClientSpec client, out string remedy)
    {
        client = ClientSpec.Anyone;
        remedy = "";
        if (word.Length == 0 || word == "*")
            return true;
        if (word[0] == '@')
            remedy = $"netgroup {word} is not supported: name its hosts, or a network such as 192.0.2.0/24";
        else if (word.StartsWith("gss/", StringComparison.Ordinal))
            remedy = $"{word} is not supported: name hosts, and use sec=sys";
        else if (word.Contains('/', StringComparison.Ordinal))
            return TryParseNetwork(word, out client, out remedy);
        else if (NetAddress.TryParse(word, out var address))
            client = new ClientSpec(ClientKind.Host, word) { Addresses = [address] };
        else if (word.AsSpan().ContainsAny('*', '?', '['))
            return TryParseWildcard(word, out client, out remedy);
        else if (IsHostName(word))
            client = new ClientSpec(ClientKind.Host, word);
        else
            remedy = $"\"{word}\" is not a client: use a host name, an address, a network such as 192.0.2.0/24, a wildcard such as *.example.org, or *";
        return remedy.Length == 0;
    }

    private static bool TryParseNetwork(string word, out ClientSpec client, out string remedy)
    {
        client = ClientSpec.Anyone;
        remedy = "";
        int slash = word.IndexOf('/', StringComparison.Ordinal);
        string mask = word[(slash + 1)..];
        if (!NetAddress.TryParse(word[..slash], out var network))
        {
            remedy = $"{word[..slash]} in {word} is not an address: write a network as 192.0.2.0/24 or 2001:db8::/32";
            return false;
        }
        int most = network.IsV4 ? 32 : 128;
        if (NetAddress.TryParse(mask, out var netmask) && network.IsV4 && netmask.IsV4 && IsContiguous(netmask.V4))
        {
            client = new ClientSpec(ClientKind.Subnet, word) { Network = network, PrefixBits = BitOperations.PopCount(netmask.V4) };
            return true;
        }
        if (int.TryParse(mask, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits <= most)
        {
            client = new ClientSpec(ClientKind.Subnet, word) { Network = network, PrefixBits = bits };
            return true;
        }
        remedy = $"/{mask} is not a netmask: use a number from 0 to {most}" + (network.IsV4 ? ", or a mask such as 255.255.255.0" : "");
        return false;
    }

    private static bool IsContiguous(uint mask) => (~mask & (~mask + 1)) == 0;

    private static bool TryParseWildcard(string word, out ClientSpec client, out string remedy)
    {
        client = new ClientSpec(ClientKind.Wildcard, word);
        remedy = "";
        if (word.All(c => char.IsAsciiDigit(c) || c is '.' or '*' or '?'))
            remedy = $"{word} is a wildcard for addresses, which never match names: write a network such as 192.0.2.0/24";
        else if (!word.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '*' or '?' or '[' or ']' or '!' or '^') || !BracketsMatch(word))
            remedy = $"{word} is not a wildcard for host names: use letters, digits, dots, hyphens, *, ? and [...]";
        return remedy.Length == 0;
    }

    private static bool BracketsMatch(string word)
    {
        bool open = false;
        foreach (char c in word)
        {
            if (c == (open ? '[' : ']'))
                return false;
            if (c is '[' or ']')
                open = !open;
        }
        return !open;
    }

    private static bool IsHostName(string word) =>
        word.Length <= 253 && !word.All(c => char.IsAsciiDigit(c) || c == '.')
        && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && word[0] is not ('-' or '.');
}
