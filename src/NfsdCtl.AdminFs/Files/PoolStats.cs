using System.Globalization;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>pool_stats</c>: work of each pool, in the kernel's text.</summary>
internal sealed class PoolStats(AdminHost host) : ReportFile("pool_stats", "requests and wake-ups of each pool of threads")
{
    protected override Answer Report() => Answer.Of("# pool packets-arrived sockets-enqueued threads-woken threads-timedout\n" + string.Concat(
        host.Control.PoolStats().Select(p => string.Create(CultureInfo.InvariantCulture,
            $"{p.Pool} {p.PacketsArrived} {p.SocketsEnqueued} {p.ThreadsWoken} {p.ThreadsTimedOut}\n"))));
}
