using NfsdCtl.Linux;
using NfsdCtl.Storage;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Hosting;

/// <summary>
/// Where the records of a scope are: on the filesystem itself (or below <c>records-dir</c>), and those of the server as such, which
/// belong to no filesystem, in its state directory.
/// </summary>
public sealed class RecordPlaces(FileSystemTable fileSystems, string stateDirectory) : IRecordPlaces
{
    public int Open(FsId fileSystem)
    {
        ThreadIdentity.BecomeRoot();
        if (!fileSystem.IsAny)
            return fileSystems.TryGet(fileSystem) is { } found ? found.OpenRecords() : -Errno.ENOENT;
        int directory = Descriptors.Open(stateDirectory, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC);
        return directory < 0 ? -Errno.Last : directory;
    }
}

/// <summary>A directory of records by its path, for a look into it that takes nothing into the server.</summary>
public sealed class GivenPlace(string path) : IRecordPlaces
{
    public int Open(FsId fileSystem)
    {
        ThreadIdentity.BecomeRoot();
        int directory = Descriptors.Open(path, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Durable.O_DIRECTORY | Durable.O_NOFOLLOW);
        return directory < 0 ? -Errno.Last : directory;
    }
}
