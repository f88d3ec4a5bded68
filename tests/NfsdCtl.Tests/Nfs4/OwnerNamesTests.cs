using System.Text;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nfs4;

[TestFixture]
public sealed class OwnerNamesTests
{
    private readonly OwnerNames numbers = new("example.org", writeNames: false, new FakeTimeProvider());
    private readonly OwnerNames names = new("example.org", writeNames: true, new FakeTimeProvider());

    [TestCase("0", 0u)]
    [TestCase("1000", 1000u)]
    [TestCase("4294967294", 4294967294u)]
    [TestCase("root@example.org", 0u)]
    [TestCase("root@EXAMPLE.ORG", 0u)]
    [TestCase("4294967295", null)]
    [TestCase("4294967296", null)]
    [TestCase("-1", null)]
    [TestCase("+1", null)]
    [TestCase("1a", null)]
    [TestCase("", null)]
    [TestCase("root", null)]
    [TestCase("root@", null)]
    [TestCase("@example.org", null)]
    [TestCase("root@example.com", null)]
    [TestCase("nobody-has-this-name@example.org", null)]
    [TestCase("ro\0ot@example.org", null)]
    public void Numbers_and_names_of_the_domain_are_read(string text, uint? expected)
    {
        bool known = numbers.TryParse(null, Encoding.UTF8.GetBytes(text), isGroup: false, out uint id);
        Assert.That(known ? id : (uint?)null, Is.EqualTo(expected));
    }

    [Test]
    public void Without_a_domain_names_are_nobody() =>
        Assert.That(new OwnerNames("", writeNames: false, new FakeTimeProvider()).TryParse(null, "root@"u8, isGroup: false, out _), Is.False);

    [Test]
    public void A_name_that_is_too_long_is_not_looked_up() =>
        Assert.That(numbers.TryParse(null, Encoding.UTF8.GetBytes(new string('n', 2000) + "@example.org"), isGroup: false, out _), Is.False);

    [Test]
    public void Owners_go_out_as_the_settings_say()
    {
        Assert.That(Written(numbers, 0), Is.EqualTo("0"));
        Assert.That(Written(names, 0), Is.EqualTo("root@example.org"));
        Assert.That(Written(names, 4_000_000_000), Is.EqualTo("4000000000"), "nobody has that number");
    }

    private static string Written(OwnerNames owners, uint id)
    {
        var writer = new XdrWriter(new byte[256]);
        owners.Write(id, isGroup: false, ref writer);
        return Encoding.UTF8.GetString(new XdrReader(writer.Written).Opaque(256));
    }
}
