using System.Buffers.Binary;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

/// <summary>Who is shown a name.</summary>
internal enum EntryVisibility : byte
{
    Visible,
    Hidden,

    /// <summary>Callers that cross mount points (<see cref="Caller.CrossesMounts"/>).</summary>
    CrossersOnly,
}

/// <summary>
/// A run of a directory's entries as getdents64(2) gave them, from one position on: names, inode numbers, positions, and the
/// files' kernel handles as far as they were asked for. It is good as long as the directory's times have not changed.
/// </summary>
internal sealed unsafe class DirectoryListing
{
    /// <summary>The most entries of one run, so that a huge directory costs bounded memory.</summary>
    public const int MaxEntries = 32_768;

    /// <summary>Entries of a run that is read to go on in a directory that has changed.</summary>
    public const int ShortRun = 1024;

    private const int BlockSize = 64 * 1024;

    [ThreadStatic]
    private static byte[]? block;

    private readonly ulong start;
    private Entry[] entries = new Entry[64];
    private byte[] names = new byte[1024];
    private int namesLength;
    private FileKey[]? keys;

    private DirectoryListing(ulong start) => this.start = start;

    public int Count { get; private set; }

    /// <summary>True when the directory ends behind the last entry.</summary>
    public bool IsComplete { get; private set; }

    public VfsTime Ctime { get; init; }

    public VfsTime Mtime { get; init; }

    /// <summary>
    /// False when the directory was changed so shortly before that a further change may have left the same time (the
    /// kernel's clock for times ticks every few milliseconds before 6.13).
    /// </summary>
    public bool IsReusable { get; init; }

    /// <summary>Where the next run starts.</summary>
    public ulong EndCookie => Count == 0 ? start : entries[Count - 1].Cookie;

    public ref readonly Entry this[int index] => ref entries[index];

    public ReadOnlySpan<byte> NameOf(int index) => names.AsSpan(entries[index].NameOffset, entries[index].NameLength);

    /// <summary>The index of the entry behind a position, or -1 when the position is not one of this run's.</summary>
    public int IndexBehind(ulong cookie)
    {
        if (cookie == start)
            return 0;
        // Positions ascend on ext4 (hash order), XFS and tmpfs; where they do not, each is looked at.
        int low = 0, high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (entries[middle].Cookie == cookie)
                return After(middle);
            if (entries[middle].Cookie < cookie)
                low = middle + 1;
            else
                high = middle - 1;
        }
        for (int i = 0; i < Count; i++)
            if (entries[i].Cookie == cookie)
                return After(i);
        return -1;
    }

    /// <summary>The kernel handle of an entry's file; false when it was not looked up yet.</summary>
    public bool TryGetKey(int index, out FileKey key)
    {
        if (Volatile.Read(ref keys) is { } known && Volatile.Read(ref entries[index].HasKey))
        {
            key = known[index];
            return true;
        }
        key = default;
        return false;
    }

    public void SetKey(int index, in FileKey key)
    {
        lock (names)
        {
            keys ??= new FileKey[Count];
            if (entries[index].HasKey)
                return;
            keys[index] = key;
            Volatile.Write(ref entries[index].HasKey, true);
        }
    }

    /// <summary>Takes out entries on which something is mounted, or marks them: some callers are led elsewhere by them.</summary>
    public void Filter(Func<ReadOnlyMemory<byte>, EntryVisibility> judge)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            var entry = entries[i];
            // A removed entry's position must stay known, for a reader may have stopped there: it goes into the one before.
            var visibility = judge(names.AsMemory(entry.NameOffset, entry.NameLength));
            entry.IsForCrossersOnly = visibility == EntryVisibility.CrossersOnly;
            if (visibility != EntryVisibility.Hidden)
                entries[kept++] = entry;
            else if (kept > 0)
                entries[kept - 1].Cookie = entry.Cookie;
        }
        Count = kept;
    }

    /// <summary>Reads a run. 0, or the error number.</summary>
    public static int Read(int directory, ulong start, int most, in Attributes attributes, long nowMilliseconds, out DirectoryListing listing)
    {
        const long ClockTick = 20;
        long changed = attributes.Ctime.Seconds * 1000 + attributes.Ctime.Nanoseconds / 1_000_000;
        listing = new DirectoryListing(start)
        {
            Ctime = attributes.Ctime,
            Mtime = attributes.Mtime,
            IsReusable = nowMilliseconds - changed > ClockTick,
        };
        if (start != 0 && Files.Seek(directory, (long)start, 0) < 0)
            return Errno.Last;
        block ??= GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);
        fixed (byte* p = block)
        {
            while (listing.Count < most)
            {
                nint got = Files.GetDents(directory, p, BlockSize);
                if (got < 0)
                    return Errno.Last;
                if (got == 0)
                {
                    listing.IsComplete = true;
                    break;
                }
                listing.Append(block.AsSpan(0, (int)got));
            }
        }
        return 0;
    }

    /// <summary>struct linux_dirent64: d_ino, d_off, d_reclen, d_type, d_name.</summary>
    private void Append(ReadOnlySpan<byte> dirents)
    {
        const int NameAt = 19;
        while (dirents.Length > NameAt)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(dirents[16..]);
            var name = dirents[NameAt..length];
            name = name[..name.IndexOf((byte)0)];
            if (Count == entries.Length)
                Array.Resize(ref entries, Count * 2);
            if (namesLength + name.Length > names.Length)
                Array.Resize(ref names, names.Length * 2 + name.Length);
            name.CopyTo(names.AsSpan(namesLength));
            entries[Count++] = new Entry
            {
                FileId = BinaryPrimitives.ReadUInt64LittleEndian(dirents),
                Cookie = BinaryPrimitives.ReadUInt64LittleEndian(dirents[8..]),
                NameOffset = namesLength,
                NameLength = (byte)name.Length,
            };
            namesLength += name.Length;
            dirents = dirents[length..];
        }
    }

    private int After(int index) => index + 1 < Count || IsComplete ? index + 1 : -1;

    internal struct Entry
    {
        public ulong FileId;
        public ulong Cookie;
        public int NameOffset;
        public byte NameLength;
        public bool HasKey;

        /// <summary>Something is mounted on it that is exported by itself alone.</summary>
        public bool IsForCrossersOnly;
    }
}
