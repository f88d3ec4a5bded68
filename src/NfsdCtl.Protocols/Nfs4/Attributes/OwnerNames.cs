using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>
/// Users and groups as NFSv4 writes them (RFC 8881 §5.9): as decimal numbers, which is what Linux clients of AUTH_SYS send and expect, or
/// as <c>user@domain</c>. Both forms are read in any case; a name counts only with the domain of this server.
/// </summary>
/// <param name="domain">The domain of names, e.g. "example.org"; empty: names are neither read nor written.</param>
/// <param name="writeNames">Names go out, where there are any; else numbers.</param>
/// <param name="clock">For how long answers of the name service are kept.</param>
internal sealed class OwnerNames(string domain, bool writeNames, TimeProvider clock)
{
    /// <summary>The longest owner string that is looked at, in bytes.</summary>
    public const int MaxLength = 1024;

    private const int MaxKept = 8192;
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(1);

    private readonly byte[] suffix = Encoding.UTF8.GetBytes("@" + domain);
    private readonly ConcurrentDictionary<(uint, bool), (byte[]? Name, long At)> names = new();
    private readonly ConcurrentDictionary<(string, bool), (uint? Id, long At)> ids = new();

    /// <summary>The longest owner string that goes out, in bytes with its padding.</summary>
    public int LongestWritten => writeNames ? MaxLength : 12;

    public void Write(uint id, bool isGroup, ref XdrWriter reply)
    {
        if (writeNames && NameOf(id, isGroup) is { } name)
        {
            reply.Opaque(name);
            return;
        }
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(id, digits, out int length);
        reply.Opaque(digits[..length]);
    }

    /// <summary>Reads an owner string; false when it names nobody (BADOWNER). Lack of data is the reader's.</summary>
    public bool TryRead(Compound call, scoped ref XdrReader value, bool isGroup, out uint id)
    {
        var text = value.Opaque(int.MaxValue);
        return TryParse(call, text, isGroup, out id) || value.Failed;
    }

    /// <param name="call">Told before the name service is asked, which may block; null when nobody wants to know.</param>
    /// <param name="text">As it came, whatever is in it.</param>
    public bool TryParse(Compound? call, ReadOnlySpan<byte> text, bool isGroup, out uint id)
    {
        // -1 is no id: to the kernel it means "no change".
        if (Utf8Parser.TryParse(text, out id, out int used) && used == text.Length && text is [>= (byte)'0' and <= (byte)'9', ..])
            return id != uint.MaxValue;
        id = 0;
        if (text.Length is 0 or > MaxLength || suffix.Length == 1 || !EndsWithDomain(text))
            return false;
        string name = Encoding.UTF8.GetString(text[..^suffix.Length]);
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
            return false;
        var found = IdOf(call, name, isGroup);
        id = found ?? 0;
        return found is not null;
    }

    /// <summary>Domains are names of DNS: case does not count.</summary>
    private bool EndsWithDomain(ReadOnlySpan<byte> text) =>
        text.Length > suffix.Length && Ascii.EqualsIgnoreCase(text[^suffix.Length..], suffix);

    private uint? IdOf(Compound? call, string name, bool isGroup)
    {
        long now = clock.GetTimestamp();
        if (ids.TryGetValue((name, isGroup), out var known) && clock.GetElapsedTime(known.At, now) < Keep)
            return known.Id;
        call?.Rpc.BeforeBlocking();
        Vfs.ThreadIdentity.BecomeRoot();
        uint? id = Linux.Names.IdOf(name, isGroup);
        if (ids.Count >= MaxKept)
            ids.Clear();
        ids[(name, isGroup)] = (id, now);
        return id;
    }

    private byte[]? NameOf(uint id, bool isGroup)
    {
        long now = clock.GetTimestamp();
        if (names.TryGetValue((id, isGroup), out var known) && clock.GetElapsedTime(known.At, now) < Keep)
            return known.Name;
        Vfs.ThreadIdentity.BecomeRoot();
        byte[]? name = Linux.Names.NameOf(id, isGroup) is { } text ? [.. Encoding.UTF8.GetBytes(text), .. suffix] : null;
        if (names.Count >= MaxKept)
            names.Clear();
        names[(id, isGroup)] = (name, now);
        return name;
    }
}
