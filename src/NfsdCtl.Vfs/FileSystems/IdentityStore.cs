using System.Text;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// The file that tells under which identity a filesystem is served, in the form of <see cref="FsId.ToString"/>: so that it is
/// known again on another node before anything on it is exported there.
/// </summary>
internal static unsafe class IdentityStore
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
        string text = id + "\n";
        string place = $"/proc/self/fd/{directory}";
        if (Read(place) == id)
            return 0;
        fixed (byte* name = "identity\0"u8, other = "identity.new\0"u8, data = Encoding.ASCII.GetBytes(text))
        {
            int file = Files.OpenAt(directory, other, Descriptors.O_WRONLY | Descriptors.O_CLOEXEC | Files.O_CREAT | Files.O_TRUNC, 0x180);
            if (file < 0)
                return Errno.Last == Errno.EROFS ? 0 : Errno.Last;
            nint wrote = Files.PWrite(file, data, (nuint)text.Length, 0);
            int error = wrote == text.Length && Files.FSync(file) == 0 ? 0 : wrote >= 0 && wrote < text.Length ? Errno.ENOSPC : Errno.Last;
            Descriptors.Close(file);
            if (error == 0 && (Files.RenameAt(directory, other, directory, name) < 0 || Files.FSync(directory) < 0))
                error = Errno.Last;
            return error;
        }
    }
}
