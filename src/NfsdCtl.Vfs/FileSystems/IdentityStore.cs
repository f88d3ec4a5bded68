using System.Text;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// The file that tells under which identity a filesystem is served, in the form of <see cref="FsId.ToString"/>: so that it is
/// known again on another node before anything on it is exported there.
/// </summary>
internal static class IdentityStore
{
    private const string Name = "identity";

    /// <summary>The identity in a directory of the server's own files; null when there is none or it is no identity.</summary>
    public static FsId? Read(string directory)
    {
        try
        {
            string path = Path.Combine(directory, Name);
            return File.Exists(path) && new FileInfo(path).Length <= 64 && FsId.TryParse(File.ReadAllText(path).Trim(), out var id) ? id : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the identity into an open directory unless it is there. 0, or the error number; a read-only disk is no error.</summary>
    public static int Write(int directory, FsId id)
    {
        if (Read($"/proc/self/fd/{directory}") == id)
            return 0;
        int error = -DurableFile.Replace(directory, Name, Encoding.ASCII.GetBytes(id + "\n"));
        return error == Errno.EROFS ? 0 : error;
    }
}
