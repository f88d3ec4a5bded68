using System.Runtime.InteropServices;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// What a server has done since it was made. Each thread counts in a cache line of its own: one line for all would go back and
/// forth between the processors with every call.
/// </summary>
public sealed class RpcServerCounters
{
    private const int Stripes = 64;
    private readonly Cell[] cells = new Cell[Stripes];
    private long connections;
    private long accepted;
    private long handOvers;

    public long Calls => Sum(static (in Cell c) => c.Calls);

    public long BytesReceived => Sum(static (in Cell c) => c.Received);

    public long BytesSent => Sum(static (in Cell c) => c.Sent);

    /// <summary>TCP connections that are open now.</summary>
    public long Connections => Volatile.Read(ref connections);

    /// <summary>TCP connections that were ever accepted.</summary>
    public long ConnectionsAccepted => Volatile.Read(ref accepted);

    /// <summary>Calls that went on alone because they blocked.</summary>
    public long HandOvers => Volatile.Read(ref handOvers);

    internal void CountCall(int stripe) => Interlocked.Increment(ref cells[stripe % Stripes].Calls);

    internal void CountReceived(int stripe, int bytes) => Interlocked.Add(ref cells[stripe % Stripes].Received, bytes);

    internal void CountSent(int stripe, int bytes) => Interlocked.Add(ref cells[stripe % Stripes].Sent, bytes);

    internal void CountOpened()
    {
        Interlocked.Increment(ref connections);
        Interlocked.Increment(ref accepted);
    }

    internal void CountClosed() => Interlocked.Decrement(ref connections);

    internal void CountHandOver() => Interlocked.Increment(ref handOvers);

    private delegate long Field(in Cell cell);

    private long Sum(Field field)
    {
        long sum = 0;
        foreach (ref readonly var cell in cells.AsSpan())
            sum += field(cell);
        return sum;
    }

    /// <summary>Two cache lines: processors fetch them in pairs.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Cell
    {
        public long Calls;
        public long Received;
        public long Sent;
    }
}
