using System.Globalization;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>filecache</c>: the cache of open files, in the kernel's text (nfsd_file_cache_stats_show).</summary>
internal sealed class FileCache(AdminHost host) : ReportFile("filecache", "size and hits of the cache of open files")
{
    protected override Answer Report()
    {
        var s = host.Control.FileCacheStats();
        string age = s.MeanAge is { } mean ? ((long)mean.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : "-";
        return Answer.Of(string.Create(CultureInfo.InvariantCulture, $"""
            total inodes:  {s.Inodes}
            hash buckets:  {s.HashBuckets}
            lru entries:   {s.LruEntries}
            cache hits:    {s.Hits}
            acquisitions:  {s.Acquisitions}
            allocations:   {s.Allocations}
            releases:      {s.Releases}
            evictions:     {s.Evictions}
            mean age (ms): {age}

            """));
    }
}
