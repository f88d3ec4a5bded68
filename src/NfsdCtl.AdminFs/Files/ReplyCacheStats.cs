using System.Globalization;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>reply_cache_stats</c>: the duplicate request cache, in the kernel's text (nfsd_reply_cache_stats_show).</summary>
internal sealed class ReplyCacheStats(AdminHost host) : ReportFile("reply_cache_stats", "size and hits of the duplicate request cache")
{
    protected override Answer Report()
    {
        var s = host.Control.ReplyCacheStats();
        return Answer.Of(string.Create(CultureInfo.InvariantCulture, $"""
            max entries:           {s.MaxEntries}
            num entries:           {s.Entries}
            hash buckets:          {s.HashBuckets}
            mem usage:             {s.MemoryBytes}
            cache hits:            {s.Hits}
            cache misses:          {s.Misses}
            not cached:            {s.NotCached}
            payload misses:        {s.PayloadMisses}
            longest chain len:     {s.LongestChain}
            cachesize at longest:  {s.CacheSizeAtLongest}

            """));
    }
}
