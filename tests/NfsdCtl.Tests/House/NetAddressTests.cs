namespace NfsdCtl.Tests.House;

public sealed class NetAddressTests
{
    private static NetAddress Parse(string text) => NetAddress.TryParse(text, out var a) ? a : throw new FormatException(text);

    [Test]
    public void A_mapped_address_is_its_ipv4_address() => Assert.That(Parse("::ffff:10.0.0.1"), Is.EqualTo(Parse("10.0.0.1")));

    [Test]
    public void A_longer_text_is_another_address() => Assert.That(Parse("10.0.0.10"), Is.Not.EqualTo(Parse("10.0.0.1")));

    [Test]
    public void A_leading_zero_is_decimal_as_in_the_kernel() => Assert.That(Parse("010.0.0.1"), Is.EqualTo(Parse("10.0.0.1")));

    [TestCase("10.0.1")]
    [TestCase("10.0.0.0.1")]
    [TestCase("10.0.0.256")]
    [TestCase("10.0.0.")]
    [TestCase(".10.0.0")]
    [TestCase("10.0.0.1 ")]
    [TestCase("10.0.0.-1")]
    [TestCase("0x0a.0.0.1")]
    [TestCase("localhost")]
    [TestCase("[::1]")]
    [TestCase(":::")]
    [TestCase("")]
    [TestCase(null)]
    public void Anything_else_is_refused(string? text) => Assert.That(NetAddress.TryParse(text, out _), Is.False);

    [Test]
    public void A_scope_counts_for_link_local_addresses_only()
    {
        Assert.That(new NetAddress(0xFE80_0000_0000_0000, 1, 2), Is.Not.EqualTo(new NetAddress(0xFE80_0000_0000_0000, 1, 3)));
        Assert.That(new NetAddress(0xFD00_0000_0000_0000, 1, 2), Is.EqualTo(new NetAddress(0xFD00_0000_0000_0000, 1, 3)));
    }

    [TestCase("10.1.2.3", "10.0.0.0", 8, true)]
    [TestCase("11.1.2.3", "10.0.0.0", 8, false)]
    [TestCase("10.1.2.3", "10.1.2.2", 31, true)]
    [TestCase("10.1.2.3", "0.0.0.0", 0, true)]
    [TestCase("fd00::1", "0.0.0.0", 0, false)]
    [TestCase("fd00::1:5", "fd00::1:0", 112, true)]
    [TestCase("fd00::2:5", "fd00::1:0", 112, false)]
    [TestCase("fd00::1", "fd00::1", 128, true)]
    public void Networks_contain_their_addresses(string address, string network, int bits, bool inside) =>
        Assert.That(Parse(address).IsIn(Parse(network), bits), Is.EqualTo(inside));

    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("::ffff:0.0.0.0")]
    public void The_wildcards_are_known(string text) => Assert.That(Parse(text).IsWildcard);

    [Test]
    public void Text_and_bytes_read_back()
    {
        Span<byte> bytes = stackalloc byte[16];
        foreach (string text in new[] { "10.1.1.2", "fd00::1", "fe80::1%7", "::1" })
        {
            var address = Parse(text);
            address.CopyTo(bytes);
            Assert.That(NetAddress.FromBytes(bytes, address.ScopeId), Is.EqualTo(address));
            Assert.That(address.ToString(), Is.EqualTo(text));
        }
    }
}
