using System.Globalization;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs.Files;

/// <summary>
/// <c>versions</c>: which versions of NFS are offered. Only what is built is listed and can be switched on; to switch off what is not there is
/// harmless. When all would be off, all are on again, as with the kernel.
/// </summary>
internal sealed class Versions(AdminHost host) : TransactionFile(
    host, "versions", 0x180, AdminFileKind.Setting, "[+-]N[.M]…: versions of NFS that are offered; not while serving")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (Control.IsServing)
            return Answer.Fail(Errno.EBUSY, "versions cannot be changed while the server serves");
        if (!text.TryWords(1, 64, "[+-]N[.M]…\\n", needsNewline: true, out var words, out var error))
            return error;
        var state = Control.Versions().ToList();
        foreach (string word in words)
        {
            if (!TryParse(word, out var change))
                return Answer.Invalid($"'{word}' is not of the form [+-]N[.M]");
            if (!Apply(state, change))
                return Answer.Invalid($"NFS version {word.TrimStart('+')} is not built into this server");
        }
        if (!state.Exists(v => v.On))
            state = [.. state.Select(v => v with { On = true })];
        return Answer.From(Control.SetVersions(state, order), r => Show(r.Versions));
    }

    public override Answer Report() => Answer.Of(Show(Control.Versions()));

    /// <summary>
    /// Switches a version as the kernel does (__write_versions and nfsd_minorversion): a major one that changes takes its minors along, a minor one
    /// that is switched on its major, and the last that is switched off too. False: to be switched on and not there.
    /// </summary>
    private static bool Apply(List<ProtocolVersion> state, ProtocolVersion change)
    {
        int at = state.FindIndex(v => v.Major == change.Major && v.Minor == change.Minor);
        if (at < 0)
            return !change.On;
        if (state[at].On == change.On)
            return true;
        state[at] = change;
        int major = state.FindIndex(v => v.Major == change.Major && v.Minor is null);
        for (int i = 0; change.Minor is null && i < state.Count; i++)
        {
            if (state[i].Major == change.Major)
                state[i] = state[i] with { On = change.On };
        }
        bool any = state.Exists(v => v.Major == change.Major && v is { Minor: not null, On: true });
        if (change.Minor is not null)
            state[major] = state[major] with { On = any };
        return true;
    }

    private static bool TryParse(string word, out ProtocolVersion change)
    {
        change = default;
        bool on = !word.StartsWith('-');
        string[] parts = word.TrimStart('+', '-').Split('.');
        int minor = 0;
        if (parts.Length > 2 || word.Length - word.TrimStart('+', '-').Length > 1 || !TryDigits(parts[0], out int major) || (parts.Length == 2 && !TryDigits(parts[1], out minor)))
            return false;
        change = new ProtocolVersion(major, parts.Length == 2 ? minor : null, on);
        return true;
    }

    private static bool TryDigits(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static string Show(IReadOnlyList<ProtocolVersion> versions) => string.Join(' ', versions.Select(v => string.Create(
        CultureInfo.InvariantCulture, $"{(v.On ? '+' : '-')}{v.Major}{(v.Minor is { } minor ? $".{minor}" : "")}"))) + "\n";
}
