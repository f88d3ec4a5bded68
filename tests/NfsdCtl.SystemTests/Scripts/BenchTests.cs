using System.Globalization;
using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Scripts;

/// <summary>The comparison of speed runs and gives its table; how fast is not judged here.</summary>
public sealed class BenchTests
{
    [Test]
    public void A_table_comes_out()
    {
        var result = Script.Run(180, "bench", "--quick");
        var rows = result.Text.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Split('|', StringSplitOptions.TrimEntries)[1..]).ToList();
        Assert.That(result.Status, Is.Zero, result.ToString());
        Assert.That(rows.Select(r => r[0]), Is.EqualTo(["workload", "null", "getattr", "nlm-range@1"]));
        foreach (var row in rows.Skip(1))
            Assert.That(double.Parse(row[2], NumberStyles.AllowThousands, CultureInfo.InvariantCulture), Is.Positive, row[0]);
    }
}
