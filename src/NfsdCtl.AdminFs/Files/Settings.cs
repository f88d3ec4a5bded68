using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>settings</c>: every key of the settings file with the value in force.</summary>
internal sealed class Settings(AdminHost host) : ReportFile("settings", "settings in force: section, key, value")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Settings(), static (json, s) =>
    {
        json.WriteString("section", s.Section);
        json.WriteString("key", s.Key);
        json.WriteString("value", s.Value);
    }));
}
