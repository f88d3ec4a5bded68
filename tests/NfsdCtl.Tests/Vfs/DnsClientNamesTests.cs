using System.Net;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Tests.Vfs;

/// <summary>Names of clients come from zones that anybody may own.</summary>
public sealed class DnsClientNamesTests
{
    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("no such name.invalid")]
    public void What_is_no_name_of_a_host_has_no_address(string name) => Assert.That(DnsClientNames.Resolve(name), Is.Empty);

    [Test]
    public void A_name_that_is_too_long_has_no_address() => Assert.That(DnsClientNames.Resolve(new string('a', 300)), Is.Empty);

    [Test]
    public void A_reverse_zone_that_answers_nonsense_leaves_its_client_without_a_name_and_hurts_no_other()
    {
        var bad = Address("192.0.2.1");
        var good = Address("192.0.2.2");
        using var names = new DnsClientNames(new FakeTimeProvider(), a => a == bad ? throw new ArgumentException("0.0.0.0") : "client.example.org");

        Assert.That(NameOf(names, bad), Is.Null);
        Assert.That(NameOf(names, good), Is.EqualTo("client.example.org"));
    }

    [Test]
    public void A_zone_that_does_not_answer_holds_up_its_own_clients_only()
    {
        var slow = Address("192.0.2.1");
        using var answer = new ManualResetEventSlim();
        using var names = new DnsClientNames(new FakeTimeProvider(), a =>
        {
            if (a == slow)
                answer.Wait();
            return a.ToString();
        });

        Assert.That(names.TryGetName(slow, out _), Is.False);
        Assert.That(NameOf(names, Address("192.0.2.2")), Is.EqualTo("192.0.2.2"));
        answer.Set();
        Assert.That(NameOf(names, slow), Is.EqualTo("192.0.2.1"));
    }

    private static NetAddress Address(string text) => NetAddress.From(IPAddress.Parse(text));

    private static string? NameOf(DnsClientNames names, NetAddress client)
    {
        string? name = null;
        Assert.That(() => names.TryGetName(client, out name), Is.True.After(10_000, 1));
        return name;
    }
}
