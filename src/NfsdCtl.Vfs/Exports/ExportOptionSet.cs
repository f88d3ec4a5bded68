using System.Globalization;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Vfs.Exports;

/// <summary>The options of exports(5) while they are read: later ones override earlier ones, as in exportfs.</summary>
internal sealed class ExportOptionSet
{
    private const string Known =
        "rw ro sync async root_squash no_root_squash all_squash no_all_squash anonuid= anongid= secure insecure fsid= sec=sys "
        + "subtree_check no_subtree_check crossmnt nohide wdelay no_wdelay local_locks no_local_locks";

    private ExportOptions options = ExportOptions.Default;
    private bool rootSquash = true;
    private bool allSquash;

    public ExportOptionSet Copy() => new() { options = options, rootSquash = rootSquash, allSquash = allSquash };

    public ExportOptions ToOptions() => options with { Squash = allSquash ? Squash.All : rootSquash ? Squash.Root : Squash.None };

    /// <summary>Takes one option. Null, or what is wrong with it and how to put it right.</summary>
    public string? Apply(string option)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? ApplyFlag(option) : ApplyValue(option[..equals], option[(equals + 1)..]);
    }

    private string? ApplyFlag(string flag)
    {
        switch (flag)
        {
            case "rw": options = options with { ReadOnly = false }; break;
            case "ro": options = options with { ReadOnly = true }; break;
            case "sync": options = options with { Sync = true }; break;
            case "async": options = options with { Sync = false }; break;
            case "root_squash": rootSquash = true; break;
            case "no_root_squash": rootSquash = false; break;
            case "all_squash": allSquash = true; break;
            case "no_all_squash": allSquash = false; break;
            case "secure": options = options with { Secure = true }; break;
            case "insecure": options = options with { Secure = false }; break;
            case "subtree_check": options = options with { SubtreeCheck = true }; break;
            case "no_subtree_check": options = options with { SubtreeCheck = false }; break;
            case "crossmnt": options = options with { CrossMount = true }; break;
            case "nohide": options = options with { NoHide = true }; break;
            // Writes are gathered by group commit in any case; the flag is only shown again.
            case "wdelay": options = options with { WriteDelay = true }; break;
            case "no_wdelay": options = options with { WriteDelay = false }; break;
            case "local_locks": options = options with { LocalLocks = true }; break;
            case "no_local_locks": options = options with { LocalLocks = false }; break;
            case "fsid" or "sec" or "anonuid" or "anongid": return $"option {flag} needs a value: write {flag}=…";
            default: return $"option {flag} is not known: use {Known}";
        }
        return null;
    }

    private string? ApplyValue(string name, string value) => name switch
    {
        "anonuid" => ApplyId(name, value, id => options with { AnonUid = id }),
        "anongid" => ApplyId(name, value, id => options with { AnonGid = id }),
        "fsid" => ApplyFsId(value),
        "sec" => value == "sys" ? null : $"sec={value} is not served: use sec=sys",
        _ when Known.Split(' ').Contains(name) => $"option {name} takes no value: write {name}",
        _ => $"option {name}= is not known: use {Known}",
    };

    private string? ApplyId(string name, string value, Func<uint, ExportOptions> set)
    {
        // -2 is how old files spell nobody; 4294967295 means "no change" to the kernel and names nobody.
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long id) || id < -2 || id == -1 || id >= uint.MaxValue)
            return $"{name}={value} is not a number from 0 to 4294967294";
        options = set((uint)id);
        return null;
    }

    private string? ApplyFsId(string value)
    {
        if (value is "root" or "0")
            options = options with { FsId = FsId.FromNumber(0), IsRoot = true };
        else if (uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            options = options with { FsId = FsId.FromNumber(number), IsRoot = false };
        else if (FileSystemIdentity.TryParseUuid(value, out var id))
            options = options with { FsId = id, IsRoot = false };
        else
            return $"fsid={value} is not an identity: use a number from 0 to 4294967295, a UUID, or root";
        return null;
    }
}
