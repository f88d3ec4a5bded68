using System.Buffers;
using NfsdCtl.Linux;
using NfsdCtl.State.Records;

namespace NfsdCtl.Storage;

/// <summary>
/// The log of one scope. Changes that arrive while another is being written go to disk together, written by the first of
/// them that finds the disk free. The file is filled with zeros ahead of its records, so that an append changes neither its size
/// nor its extents and one fdatasync makes it stable; a full, torn or failed log is replaced by a compact one.
/// </summary>
internal sealed class ScopeLog(IRecordPlaces places, FsId fileSystem, string name)
{
    /// <summary>The room that a fresh log has at least for appends, in bytes.</summary>
    private const int FreshRoom = 8 << 10;

    private readonly Lock content = new();
    private readonly object queue = new();
    private Batch? waiting;
    private bool writing;

    private ScopeImage? image;
    private ulong generation;
    private int end;
    private int size;

    /// <summary>True when what is behind <see cref="end"/> may not be zeros: the next change replaces the file.</summary>
    private bool torn;

    /// <summary>True after a failed write: what was read back since may be in memory only, so the next change replaces the file.</summary>
    private bool suspect;

    public RecordStatus Load(out ScopeRecord record)
    {
        lock (content)
        {
            record = ScopeRecord.Empty;
            int directory = LogFile.OpenDirectory(places, fileSystem, create: false);
            if (directory < 0)
                return Missing(directory);
            using var held = new LogFile.Descriptor(directory);
            int error = Refresh(directory);
            if (error < 0)
                return Missing(error);
            record = image!.ToRecord();
            return RecordStatus.Ok;
        }

        RecordStatus Missing(int error) =>
            error == -Errno.ENOENT && IsHere() ? RecordStatus.Ok : LogFile.StatusOf(-error);
    }

    /// <summary>Makes the entries durable, in order, all or a first part of them when it fails.</summary>
    public RecordStatus Commit(params ReadOnlySpan<RecordEntry> entries)
    {
        Batch mine;
        lock (queue)
        {
            mine = waiting ??= new Batch();
            mine.Entries.AddRange(entries);
            while (writing && !mine.Done)
                Monitor.Wait(queue);
            if (mine.Done)
                return mine.Status;
            writing = true;
            waiting = null;
        }
        var status = RecordStatus.IoError;
        try
        {
            status = Write(mine.Entries);
        }
        finally
        {
            lock (queue)
            {
                mine.Status = status;
                mine.Done = true;
                writing = false;
                Monitor.PulseAll(queue);
            }
        }
        return status;
    }

    private bool IsHere()
    {
        int place = places.Open(fileSystem);
        if (place < 0)
            return false;
        _ = Descriptors.Close(place);
        return true;
    }

    private RecordStatus Write(List<RecordEntry> entries)
    {
        lock (content)
        {
            int directory = LogFile.OpenDirectory(places, fileSystem, create: true);
            if (directory < 0)
                return LogFile.StatusOf(-directory);
            using var held = new LogFile.Descriptor(directory);
            int error = Refresh(directory);
            if (error == -Errno.ENOENT)
                Start();
            else if (error < 0)
                return LogFile.StatusOf(-error);
            error = Append(directory, entries);
            return LogFile.StatusOf(-error);
        }
    }

    private int Append(int directory, List<RecordEntry> entries)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var entry in entries)
            RecordCodec.WriteFrame(bytes, generation, entry);
        if (torn || suspect || end + bytes.WrittenCount + RecordCodec.FrameSize > size)
            return Compact(directory, entries);
        int error = AppendInPlace(directory, bytes.WrittenSpan);
        if (error < 0)
        {
            image = null;
            suspect = true;
            return error;
        }
        end += bytes.WrittenCount;
        foreach (var entry in entries)
            image!.Apply(entry);
        return 0;
    }

    private int AppendInPlace(int directory, ReadOnlySpan<byte> bytes)
    {
        int opened = LogFile.Result(Durable.OpenAt(directory, name, Descriptors.O_WRONLY | Durable.O_NOFOLLOW | Descriptors.O_CLOEXEC));
        if (opened < 0)
            return opened;
        using var file = new LogFile.Descriptor(opened);
        int error = DurableFile.WriteAt(opened, bytes, end);
        return error < 0 ? error : LogFile.Result(Durable.DataSync(opened));
    }

    /// <summary>Replaces the file by one that holds the image with the entries applied, and room for more.</summary>
    private int Compact(int directory, List<RecordEntry> entries)
    {
        var next = new ScopeImage();
        foreach (var entry in image!.Entries())
            next.Apply(entry);
        foreach (var entry in entries)
            next.Apply(entry);
        var bytes = new ArrayBufferWriter<byte>();
        RecordCodec.WriteHeader(bytes, generation + 1);
        foreach (var entry in next.Entries())
            RecordCodec.WriteFrame(bytes, generation + 1, entry);
        int used = bytes.WrittenCount;
        int room = Math.Max(FreshRoom, used);
        bytes.GetSpan(room)[..room].Clear();
        bytes.Advance(room);
        int error = DurableFile.Replace(directory, name, bytes.WrittenSpan);
        if (error < 0)
        {
            // Whether the rename took place is not known: read again before the next change.
            image = null;
            return error;
        }
        (image, generation, end, size) = (next, generation + 1, used, bytes.WrittenCount);
        torn = suspect = false;
        return 0;
    }

    private void Start() => (image, generation, end, size, torn) = (new ScopeImage(), 0, 0, 0, true);

    /// <summary>
    /// Reads the log unless the image is still what is on disk: the filesystem may have been on another node meanwhile. 0 or
    /// -errno.
    /// </summary>
    private int Refresh(int directory)
    {
        if (image is not null && IsCurrent(directory))
            return 0;
        image = null;
        var data = LogFile.ReadAll(directory, name, out int error);
        if (data is null)
            return error;
        if (!RecordCodec.TryReadHeader(data, out generation))
            return -Errno.EIO;
        var read = new ScopeImage();
        int at = RecordCodec.HeaderSize;
        while (RecordCodec.TryReadFrame(data.AsSpan(at), generation, out var payload))
        {
            if (RecordCodec.ReadPayload(payload) is not { } entry)
                return -Errno.EIO;
            read.Apply(entry);
            at += RecordCodec.FrameSize + payload.Length;
        }
        (image, end, size) = (read, at, data.Length);
        torn = data.AsSpan(at).ContainsAnyExcept((byte)0);
        return 0;
    }

    /// <summary>Another node that changed the file left another generation, or a record where our log ends.</summary>
    private bool IsCurrent(int directory)
    {
        int opened = LogFile.Result(Durable.OpenAt(directory, name, Descriptors.O_RDONLY | Durable.O_NOFOLLOW | Descriptors.O_CLOEXEC));
        if (opened < 0)
            return false;
        using var file = new LogFile.Descriptor(opened);
        Span<byte> header = stackalloc byte[RecordCodec.HeaderSize];
        Span<byte> behind = stackalloc byte[RecordCodec.FrameSize];
        return LogFile.ReadAt(opened, header, 0) == header.Length
            && RecordCodec.TryReadHeader(header, out ulong found) && found == generation
            && (torn || (LogFile.ReadAt(opened, behind, end) == behind.Length && !behind.ContainsAnyExcept((byte)0)));
    }

    private sealed class Batch
    {
        public List<RecordEntry> Entries { get; } = [];

        public bool Done { get; set; }

        public RecordStatus Status { get; set; }
    }
}
