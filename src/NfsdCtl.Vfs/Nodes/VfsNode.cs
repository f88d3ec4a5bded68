using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Vfs.Nodes;

/// <summary>
/// A file that the server has a descriptor of. Counted: while a <see cref="FileRef"/> refers to it no descriptor is closed
/// under its user. The data descriptors, for reading and writing, are opened when they are first needed and closed when they
/// were idle for some seconds, for they keep Samba and local programs from taking leases.
/// </summary>
public sealed unsafe class VfsNode
{
    private readonly Lock dataGate = new();
    private int references;
    private int doomed;
    private int closed;
    private int readDescriptor = -1;
    private int writeDescriptor = -1;
    private int dataUsers;

    internal VfsNode(in FileKey key, int descriptor, FileSystem fileSystem, FileType type)
    {
        Key = key;
        Descriptor = descriptor;
        FileSystem = fileSystem;
        Type = type;
    }

    public FileKey Key { get; }

    public FileSystem FileSystem { get; }

    public FileType Type { get; }

    /// <summary>An O_PATH descriptor; valid while a reference is held.</summary>
    public int Descriptor { get; }

    /// <summary>Concurrent syncs of this file are one sync.</summary>
    internal SyncGroup Syncs { get; } = new();

    /// <summary>Of those who need no more than the data (fdatasync): it would not do for the others.</summary>
    internal SyncGroup DataSyncs { get; } = new();

    /// <summary>What was last read of this directory.</summary>
    internal DirectoryListing? Listing { get; set; }

    /// <summary>Serializes SETATTR, whose guard and changes are several system calls.</summary>
    internal Lock ChangeGate { get; } = new();

    /// <summary>The index in its shard's clock; the shard's lock guards it.</summary>
    internal int Slot;
    internal int LastUse;
    internal int LastDataUse;
    internal bool RecentlyUsed;

    /// <summary>Somebody has it open: see <see cref="NodeCache.Hold"/>. The shard's lock guards it.</summary>
    internal bool IsHeld;

    /// <summary>Its last link went while it was held.</summary>
    internal bool IsUnlinked;

    internal bool IsIdle => Volatile.Read(ref references) == 0;

    internal bool IsClosed => Volatile.Read(ref closed) != 0;

    internal void AddReference() => Interlocked.Increment(ref references);

    internal void Release()
    {
        if (Interlocked.Decrement(ref references) == 0 && Volatile.Read(ref doomed) != 0)
            CloseOnce();
    }

    /// <summary>Already out of the cache: closes now, or when the last user is done.</summary>
    internal void Doom()
    {
        Interlocked.Exchange(ref doomed, 1);
        if (IsIdle)
            CloseOnce();
    }

    /// <summary>A descriptor for reading or writing data; <see cref="ReleaseData"/> afterwards.</summary>
    internal VfsStatus AcquireData(bool forWriting, int now, out int descriptor)
    {
        lock (dataGate)
        {
            LastDataUse = now;
            descriptor = forWriting || readDescriptor < 0 ? writeDescriptor : readDescriptor;
            if (descriptor < 0)
            {
                var status = OpenData(forWriting ? Descriptors.O_RDWR : Descriptors.O_RDONLY, out descriptor);
                if (status != VfsStatus.Ok)
                    return status;
                if (forWriting)
                    writeDescriptor = descriptor;
                else
                    readDescriptor = descriptor;
            }
            dataUsers++;
            AddReference();
            return VfsStatus.Ok;
        }
    }

    internal void ReleaseData()
    {
        lock (dataGate)
            dataUsers--;
        Release();
    }

    /// <summary>Takes over the descriptor with which the file was created.</summary>
    internal void AdoptData(int descriptor, int now)
    {
        lock (dataGate)
        {
            LastDataUse = now;
            if (writeDescriptor < 0)
                writeDescriptor = descriptor;
            else
                Descriptors.Close(descriptor);
        }
    }

    internal void CloseIdleData(int idleSince)
    {
        if (readDescriptor < 0 && writeDescriptor < 0)
            return;
        lock (dataGate)
            if (dataUsers == 0 && LastDataUse - idleSince <= 0)
                CloseData();
    }

    /// <summary>
    /// Opens the file itself, as root: each request's permission is checked for itself. O_NONBLOCK: a lease that another
    /// program holds is broken, and EWOULDBLOCK (JUKEBOX) tells the client to come back, as knfsd's nfsd_open_break_lease.
    /// </summary>
    private VfsStatus OpenData(int flags, out int descriptor)
    {
        descriptor = -1;
        if (Type != FileType.Regular)
            return Type == FileType.Directory ? VfsStatus.IsDir : VfsStatus.Inval;
        ThreadIdentity.BecomeRoot();
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(Descriptor, ref path);
        descriptor = Files.OpenAt(Files.AT_FDCWD, (byte*)&path, flags | Descriptors.O_NONBLOCK | Descriptors.O_CLOEXEC, 0);
        return descriptor < 0 ? ErrnoMap.Last : VfsStatus.Ok;
    }

    private void CloseData()
    {
        if (readDescriptor >= 0)
            Descriptors.Close(readDescriptor);
        if (writeDescriptor >= 0)
            Descriptors.Close(writeDescriptor);
        readDescriptor = writeDescriptor = -1;
    }

    private void CloseOnce()
    {
        if (Interlocked.Exchange(ref closed, 1) != 0)
            return;
        lock (dataGate)
            CloseData();
        Descriptors.Close(Descriptor);
        Listing = null;
    }
}
