using System.Globalization;
using System.Text;
using NfsdCtl.Linux;
using static NfsdCtl.Linux.Descriptors;

namespace NfsdCtl.Commands;

/// <summary>Why a command failed, in one line, with the exit code.</summary>
public sealed class AdminClientException(string message, int exitCode) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>Reads and writes the admin files of a running server, as a shell would: one write is one command.</summary>
public sealed class AdminClient(string directory)
{
    /// <summary>The server refused.</summary>
    public const int Refused = 1;

    /// <summary>There is no server, or we may not talk to it.</summary>
    public const int Unreachable = 3;

    /// <summary>The whole text of a file.</summary>
    /// <exception cref="AdminClientException">It cannot be read.</exception>
    public string Read(string file)
    {
        int descriptor = OpenFile(file, O_RDONLY);
        try
        {
            return ReadToEnd(file, descriptor);
        }
        finally
        {
            Close(descriptor);
        }
    }

    /// <summary>Writes one command and gives its answer.</summary>
    /// <param name="text">With its final newline.</param>
    /// <exception cref="AdminClientException">The server refused it; the message is the server's.</exception>
    public unsafe string Command(string file, string text)
    {
        int descriptor = OpenFile(file, O_RDWR);
        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            nint count;
            fixed (byte* p = bytes)
                count = Write(descriptor, p, (nuint)bytes.Length);
            if (count < 0)
                throw new AdminClientException(Explain(file, Errno.Last), Refused);
            return ReadToEnd(file, descriptor);
        }
        finally
        {
            Close(descriptor);
        }
    }

    /// <summary>The names in a directory.</summary>
    public IReadOnlyList<string> List(string name)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(Path.Combine(directory, name)).Select(Path.GetFileName).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The same reasons as for a file, told by the same words.
            Close(OpenFile(name, O_RDONLY));
            throw new AdminClientException(e.Message, Unreachable);
        }
    }

    private int OpenFile(string file, int flags)
    {
        int descriptor = Open(Path.Combine(directory, file), flags | O_CLOEXEC);
        if (descriptor >= 0)
            return descriptor;
        int error = Errno.Last;
        if (error == Errno.ENOENT && File.Exists(Path.Combine(directory, "help")))
            throw new AdminClientException($"there is no {file}", Refused);
        throw new AdminClientException(error switch
        {
            Errno.ENOENT or Errno.ENOTDIR => $"no server is running on {directory} (there is no {file}); start one with 'nfsdctl serve', or name its directory with --admin-mount",
            Errno.EACCES or Errno.EPERM => $"{directory}: permission denied; this needs root",
            Errno.ENOTCONN or Errno.ECONNABORTED => $"the server on {directory} died; start it again",
            _ => $"{Path.Combine(directory, file)}: {Errno.Describe(error)}",
        }, Unreachable);
    }

    private static unsafe string ReadToEnd(string file, int descriptor)
    {
        var text = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            nint count;
            fixed (byte* p = buffer)
                count = Descriptors.Read(descriptor, p, (nuint)buffer.Length);
            if (count < 0)
                throw new AdminClientException($"{file}: {Errno.Describe(Errno.Last)}", Unreachable);
            if (count == 0)
                return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
            text.Write(buffer, 0, (int)count);
        }
    }

    /// <summary>The server's own words for a refusal, if they are about our write; the errno's otherwise.</summary>
    private string Explain(string file, int error)
    {
        string fallback = $"{file}: {Errno.Describe(error)}";
        try
        {
            var last = RecordText.ParseMapping(Read("last/" + Path.GetFileName(file)));
            bool ours = last["pid"]?.ToString() == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
                && last["error"]?.ToString() == error.ToString(CultureInfo.InvariantCulture);
            return ours && last["message"]?.ToString() is { Length: > 0 } message ? message : fallback;
        }
        catch (AdminClientException)
        {
            return fallback;
        }
    }
}
