using System.Text;
using System.Text.Json;
using NfsdCtl.AdminFs;
using NfsdCtl.Control;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.Fuzz.Fuse;

/// <summary>
/// Every admin file with anything written to it: done, or an errno; never an exception, and an order only when the answer is
/// success.
/// </summary>
public sealed class AdminFilesFuzz
{
    private static readonly string[] Words =
    [
        "10.1.1.2", "10.0.0.1", "::1", "fe80::1%lo", "::ffff:10.0.0.1", "0.0.0.0", "::", "010.0.0.1", "10.1", "/srv", "/srv/a\\040b", "\\x2f737276", "\\x2",
        "\\999", "relative", "..", "--dry-run ", "--dry-run", "all", "Y", "y", "1", "0", "10", "3600", "3601", "-1", "0x10", "010", "99999999999999999999",
        "+3", "-4.0", "+4.1", "tcp 2049", "fd 3", "expire", "*", "*:/srv", "/srv *(rw)", "-2147483649", " ", "  ", "\n", "\n\n", "\t",
    ];

    [Test]
    [Category("Fuzz")]
    public void Any_write_is_done_or_refused() => FuzzRun.For(random =>
    {
        var control = new FakeServerControl();
        control.Served.Add(NetAddress.FromV4(0x0A00_0001));
        var audit = new List<AuditRecord>();
        var tree = new AdminTree(new AdminHost(control, TimeProvider.System, audit.Add) { WorkingDirectory = _ => null });
        foreach (var (path, file) in tree.Listing())
        {
            byte[] text = Text(random);
            int orders = control.Orders.Count;
            var handle = file.Open();
            string what = $"{path} < {JsonSerializer.Serialize(Encoding.Latin1.GetString(text))}";
            int result = Guard(what, () => handle.Write(0, text, new Caller(1, 0, 0), CancellationToken.None));
            Assert.That(result, Is.InRange(-4095, text.Length), what);
            if (result < 0)
                Assert.That(control.Orders.Skip(orders).Where(order => !Refused(order)), Is.Empty, what);
            Guard(what, () => ReadAll(handle, result));
        }
    });

    /// <summary>The fake server refuses addresses that it does not serve, and ends a grace period once.</summary>
    private static bool Refused(string order) => order.Contains("UnlockIp", StringComparison.Ordinal) || order.Contains("EndGrace", StringComparison.Ordinal)
        || order.Contains("ExpireClient", StringComparison.Ordinal);

    private static byte[] Text(Random random)
    {
        if (random.Next(10) == 0)
            return Mutator.Bytes(random, 5000);
        string text = Mutator.Text(random, Words, 6);
        return Encoding.UTF8.GetBytes(random.Next(2) == 0 ? text + "\n" : text);
    }

    private static int ReadAll(IAdminHandle handle, int start)
    {
        byte[] buffer = new byte[4096];
        ulong offset = (ulong)Math.Max(start, 0);
        int count;
        while ((count = handle.Read(offset, buffer)) > 0)
            offset += (ulong)count;
        return count;
    }

    private static int Guard(string what, Func<int> action)
    {
        try
        {
            return action();
        }
        catch (Exception error)
        {
            throw new AssertionException($"{what}: {error}", error);
        }
    }
}
