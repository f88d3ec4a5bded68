using System.Text;

namespace NfsdCtl.Fuse;

/// <summary>One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
public readonly record struct MountEntry(int Id, int Parent, string MountPoint, string Type, string Source);

/// <summary>
/// Reads what is mounted where. Never touches a mount point itself: stat(2) of a mount whose server died or hangs fails or hangs.
/// </summary>
public static class MountTable
{
    /// <summary>The mounts that this process sees, in the order in which they were made.</summary>
    public static IReadOnlyList<MountEntry> Read() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>The mount on top at a directory, or null. The path must be canonical.</summary>
    public static MountEntry? TopAt(IReadOnlyList<MountEntry> mounts, string directory)
    {
        // Several may sit on one directory; the later hides the earlier.
        for (int i = mounts.Count - 1; i >= 0; i--)
        {
            if (mounts[i].MountPoint == directory)
                return mounts[i];
        }
        return null;
    }

    /// <summary>Parses the text of mountinfo; lines that are not understood are left out.</summary>
    public static IReadOnlyList<MountEntry> Parse(string text)
    {
        var entries = new List<MountEntry>();
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ');
            int separator = Array.IndexOf(words, "-");
            if (separator < 6 || words.Length < separator + 3 || !int.TryParse(words[0], out int id) || !int.TryParse(words[1], out int parent))
                continue;
            entries.Add(new(id, parent, Unescape(words[4]), words[separator + 1], Unescape(words[separator + 2])));
        }
        return entries;
    }

    /// <summary>Undoes the kernel's mangle_path: blank, tab, newline and backslash are three octal digits.</summary>
    private static string Unescape(string word)
    {
        if (!word.Contains('\\', StringComparison.Ordinal))
            return word;
        var bytes = new List<byte>(word.Length);
        byte[] raw = Encoding.UTF8.GetBytes(word);
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 3 < raw.Length)
            {
                bytes.Add((byte)((raw[i + 1] - '0') << 6 | (raw[i + 2] - '0') << 3 | (raw[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(raw[i]);
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
