using System.Net;
using NfsdCtl.TestKit.Clients;

namespace NfsdCtl.Trials;

/// <summary>A server address and an export reached through it.</summary>
public sealed record Place(IPAddress Server, string Export)
{
    /// <summary>ADDRESS:EXPORT; an IPv6 address stands in brackets.</summary>
    public static Place Parse(string text)
    {
        var at = text.IndexOf(":/", StringComparison.Ordinal);
        return at > 0 ? new Place(IPAddress.Parse(text[..at].Trim('[', ']')), text[(at + 1)..]) : throw new FormatException($"'{text}' is not ADDRESS:EXPORT");
    }

    /// <summary>Makes a file in the export's root, as seen through this address.</summary>
    public ServedFile Open(HardMount client, string name)
    {
        var root = client.Root(Export);
        return new ServedFile(Server, client.Create(root, name), $"{Export}/{name}");
    }
}

/// <summary>The addresses of the client machines: the first one and those that follow it.</summary>
public static class Machines
{
    public static IPAddress Number(IPAddress first, int index)
    {
        var bytes = first.GetAddressBytes();
        bytes[^1] = checked((byte)(bytes[^1] + index));
        return new IPAddress(bytes);
    }
}

/// <summary>How long the operations of one client took, by phase; used by one thread, read after it ended or for its maximum.</summary>
public sealed class Stopwatches
{
    private long longest;
    private long count;

    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref longest));

    public long Count => Interlocked.Read(ref count);

    public void Time(Action operation)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        operation();
        var ticks = System.Diagnostics.Stopwatch.GetElapsedTime(start).Ticks;
        if (ticks > Interlocked.Read(ref longest))
            Interlocked.Exchange(ref longest, ticks);
        Interlocked.Increment(ref count);
    }

    /// <summary>Starts a new phase.</summary>
    public void Reset()
    {
        Interlocked.Exchange(ref longest, 0);
        Interlocked.Exchange(ref count, 0);
    }
}
