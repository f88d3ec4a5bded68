using NfsdCtl.Linux;
using NfsdCtl.Storage;

namespace NfsdCtl.Tests.Storage;

/// <summary>One directory that stands for the hidden directory of a filesystem, gone at the end of the test.</summary>
internal sealed class RecordDirectory : IRecordPlaces, IDisposable
{
    public static readonly FsId FileSystem = new(0x1111_2222_3333_4444, 0x5555_6666_7777_8888);

    public RecordDirectory() => Path = Directory.CreateTempSubdirectory("nfsdctl-records-").FullName;

    public string Path { get; }

    /// <summary>When not 0, what <see cref="Open"/> fails with.</summary>
    public int Errno { get; set; }

    public string FileOf(NetAddress server) => System.IO.Path.Combine(Path, "scopes", ScopeRecordStore.NameOf(server));

    public int Open(FsId fileSystem)
    {
        if (Errno != 0)
            return -Errno;
        return fileSystem == FileSystem ? Descriptors.Open(Path, Durable.O_DIRECTORY | Descriptors.O_CLOEXEC) : -Linux.Errno.ENOENT;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
