using System.Globalization;
using System.Text;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>One line of /proc/self/mountinfo (proc(5)).</summary>
/// <param name="Id">The mount's id, as statx and name_to_handle_at give it.</param>
/// <param name="Root">What of the filesystem is mounted: "/" unless it is a bind mount of a part.</param>
public sealed record MountEntry(int Id, int ParentId, string Device, string Root, string MountPoint, string Type, string Source, string Options = "")
{
    /// <summary>Of the whole filesystem, whatever each mount of it adds.</summary>
    public bool HasOption(string name) => Options.Split(',').Contains(name);
}

/// <summary>The mounts of this process, read again when the kernel says that they changed.</summary>
public sealed unsafe class MountTable : IDisposable
{
    private const short PollPri = 2;
    private readonly Lock gate = new();
    private readonly int descriptor;
    private IReadOnlyList<MountEntry> entries;

    public MountTable()
    {
        // The content is read through a descriptor of its own: this one only tells of changes (POLLPRI, POLLERR).
        descriptor = Descriptors.Open("/proc/self/mountinfo", Descriptors.O_RDONLY | Descriptors.O_CLOEXEC);
        entries = Load();
    }

    /// <summary>The mounts as they are now.</summary>
    public IReadOnlyList<MountEntry> Entries
    {
        get
        {
            lock (gate)
            {
                if (HasChanged())
                    entries = Load();
                return entries;
            }
        }
    }

    /// <summary>The mount that covers a path: the one with the longest mount point, and of those the last mounted.</summary>
    public MountEntry? Covering(string path)
    {
        MountEntry? best = null;
        foreach (var entry in Entries)
            if (IsBelow(path, entry.MountPoint) && (best is null || entry.MountPoint.Length >= best.MountPoint.Length))
                best = entry;
        return best;
    }

    public MountEntry? ById(int id)
    {
        foreach (var entry in Entries)
            if (entry.Id == id)
                return entry;
        return null;
    }

    /// <summary>True when something is mounted on a directory or file of this mount.</summary>
    public bool HasChildren(int mountId)
    {
        foreach (var entry in Entries)
            if (entry.ParentId == mountId && entry.Id != mountId)
                return true;
        return false;
    }

    public static IReadOnlyList<MountEntry> Parse(string mountinfo)
    {
        var result = new List<MountEntry>();
        foreach (string line in mountinfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            int separator = Array.IndexOf(words, "-", Math.Min(6, words.Length));
            if (separator < 0 || words.Length < separator + 3)
                continue;
            result.Add(new MountEntry(
                int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture), words[2],
                Unescape(words[3]), Unescape(words[4]), words[separator + 1], Unescape(words[separator + 2]), words.Length > separator + 3 ? words[separator + 3] : ""));
        }
        return result;
    }

    public static bool IsBelow(string path, string directory) =>
        directory == "/" || (path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/'));

    public void Dispose() => Descriptors.Close(descriptor);

    private bool HasChanged()
    {
        var poll = new PollDescriptor { Descriptor = descriptor, Events = PollPri };
        return Descriptors.Poll(&poll, 1, 0) > 0 && (poll.Returned & (PollPri | Descriptors.POLLERR)) != 0;
    }

    private static IReadOnlyList<MountEntry> Load() => Parse(File.ReadAllText("/proc/self/mountinfo", Encoding.UTF8));

    /// <summary>\ooo for blank, tab, newline and backslash (mangle in fs/seq_file.c).</summary>
    private static string Unescape(string word)
    {
        if (!word.Contains('\\', StringComparison.Ordinal))
            return word;
        var result = new StringBuilder(word.Length);
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == '\\' && i + 3 < word.Length && word.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                result.Append((char)Convert.ToInt32(word.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                result.Append(word[i]);
            }
        }
        return result.ToString();
    }
}
