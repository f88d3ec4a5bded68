using System.Globalization;
using System.Text;

namespace NfsdCtl.Vfs.Exports;

/// <summary>An export as /proc/fs/nfsd/exports shows it (exp_show, exp_flags in fs/nfsd/export.c).</summary>
public static class ExportText
{
    public const string Header = "# Version 1.1\n# Path Client(Flags) # IPs\n";

    /// <summary>PATH, tab, CLIENT(flags), without the newline.</summary>
    public static string Format(Export export)
    {
        var text = new StringBuilder();
        Escape(export.Path, text);
        text.Append('\t');
        Escape(export.Client.Text, text);
        return text.Append('(').Append(Options(export)).Append(')').ToString();
    }

    /// <summary>The options in force, in the kernel's order and spelling.</summary>
    public static string Options(Export export) => string.Join(',', Flags(export));

    private static IEnumerable<string> Flags(Export export)
    {
        var o = export.Options;
        yield return o.ReadOnly ? "ro" : "rw";
        if (!o.Secure)
            yield return "insecure";
        yield return o.Squash == Squash.None ? "no_root_squash" : "root_squash";
        if (o.Squash == Squash.All)
            yield return "all_squash";
        yield return o.Sync ? "sync" : "async";
        yield return o.WriteDelay ? "wdelay" : "no_wdelay";
        if (o.NoHide)
            yield return "nohide";
        if (o.CrossMount)
            yield return "crossmnt";
        if (!o.SubtreeCheck)
            yield return "no_subtree_check";
        if (!o.LocalLocks)
            yield return "no_local_locks";
        string id = export.FileSystem.ToString();
        bool isNumber = id.StartsWith("fsid=", StringComparison.Ordinal);
        if (isNumber)
            yield return id;
        if (o.AnonUid != ExportOptions.Nobody)
            yield return string.Create(CultureInfo.InvariantCulture, $"anonuid={o.AnonUid}");
        if (o.AnonGid != ExportOptions.Nobody)
            yield return string.Create(CultureInfo.InvariantCulture, $"anongid={o.AnonGid}");
        if (!isNumber && !export.FileSystem.IsAny)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"uuid={export.FileSystem.High >> 32:x8}:{(uint)export.FileSystem.High:x8}:{export.FileSystem.Low >> 32:x8}:{(uint)export.FileSystem.Low:x8}");
        yield return "sec=1";
    }

    /// <summary>seq_escape: blank, tab, newline and backslash in octal, and what would begin a comment or a quotation.</summary>
    private static void Escape(string name, StringBuilder text)
    {
        foreach (char c in name)
        {
            if (c is ' ' or '\t' or '\n' or '\\' or '#' or '"')
                text.Append('\\').Append(Convert.ToString(c, 8).PadLeft(3, '0'));
            else
                text.Append(c);
        }
    }
}
