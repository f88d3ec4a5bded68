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

    /// <summary>PATH CLIENT(options) of exports(5): <see cref="ExportParser"/> reads the same export from it.</summary>
    public static string Line(Export export)
    {
        var o = export.Options;
        IEnumerable<string> options = [.. Switches(o), .. Anonymous(o)];
        if (o.SubtreeCheck)
            options = options.Append("subtree_check");
        if (o.FsId is { } id)
            options = options.Append(IsNumber(id) ? id.ToString() : "fsid=" + id);
        return $"{Name(export.Path)} {Name(export.Client.Text)}({string.Join(',', options)})";
    }

    /// <summary>A path or a client as a word of exports(5).</summary>
    public static string Name(string name)
    {
        var text = new StringBuilder();
        Escape(name, text);
        return text.ToString();
    }

    private static bool IsNumber(FsId id) => id.ToString().StartsWith("fsid=", StringComparison.Ordinal);

    private static IEnumerable<string> Flags(Export export)
    {
        foreach (string flag in Switches(export.Options))
            yield return flag;
        var id = export.FileSystem;
        if (IsNumber(id))
            yield return id.ToString();
        foreach (string flag in Anonymous(export.Options))
            yield return flag;
        if (!IsNumber(id) && !id.IsAny)
            yield return string.Create(CultureInfo.InvariantCulture, $"uuid={id.High >> 32:x8}:{(uint)id.High:x8}:{id.Low >> 32:x8}:{(uint)id.Low:x8}");
        yield return "sec=1";
    }

    private static IEnumerable<string> Switches(ExportOptions o)
    {
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
    }

    private static IEnumerable<string> Anonymous(ExportOptions o)
    {
        if (o.AnonUid != ExportOptions.Nobody)
            yield return string.Create(CultureInfo.InvariantCulture, $"anonuid={o.AnonUid}");
        if (o.AnonGid != ExportOptions.Nobody)
            yield return string.Create(CultureInfo.InvariantCulture, $"anongid={o.AnonGid}");
    }

    /// <summary>seq_escape: blanks of all kinds and backslash in octal, and what would begin a comment or a quotation.</summary>
    private static void Escape(string name, StringBuilder text)
    {
        foreach (char c in name)
        {
            if (!char.IsWhiteSpace(c) && c is not ('\\' or '#' or '"'))
                text.Append(c);
            else
                foreach (byte b in Encoding.UTF8.GetBytes([c]))
                    text.Append('\\').Append(Convert.ToString(b, 8).PadLeft(3, '0'));
        }
    }
}
