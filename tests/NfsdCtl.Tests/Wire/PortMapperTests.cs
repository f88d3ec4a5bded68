using Microsoft.Extensions.Time.Testing;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.Tests.Wire;

/// <summary>Program 100000 (RFC 1833) over the in-memory transport.</summary>
[TestFixture]
public class PortMapperTests
{
    private static readonly NetAddress Loopback = NetAddress.FromV4(0x7F00_0001);
    private static readonly NetAddress Server = NetAddress.FromV4(0x0A01_0102);
    private static readonly NetAddress Other = NetAddress.FromV4(0x0A01_0103);
    private PortRegistry registry = null!;
    private InMemoryTransport transport = null!;

    [SetUp]
    public void Open()
    {
        registry = new PortRegistry();
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        transport = new InMemoryTransport((line, e) => throw new InvalidOperationException(line, e), new PortMapper(registry, time));
        FromLoopback();
    }

    private void FromLoopback(ushort port = 700) => transport.Connect(Transport.Tcp, Loopback, 111, Loopback, port);

    private void FromClient(Transport kind, NetAddress local) => transport.Connect(kind, local, 111, NetAddress.FromV4(0x0A01_0909), 700);

    private byte[] Ask(uint version, uint procedure, params byte[] arguments)
    {
        var (_, status, result) = Accepted(transport.Execute(Call(1, procedure, arguments, version, RPCBPROG.Number)));
        Assert.That(status, Is.EqualTo(AcceptStatus.Success));
        return result;
    }

    private static byte[] Rpcb(uint program, uint version, string netid, string address) =>
        [.. Words(program, version), .. Text(netid), .. Text(address), .. Text("root")];

    private static byte[] Text(string text) => Opaque(System.Text.Encoding.ASCII.GetBytes(text));

    [Test]
    public void Version_2_sets_finds_lists_and_unsets()
    {
        Assert.That(Ask(2, 1, Words(100003, 3, 6, 2049)), Is.EqualTo(Words(1)));
        Assert.That(Ask(2, 3, Words(100003, 3, 6, 0)), Is.EqualTo(Words(2049)));
        Assert.That(Ask(2, 3, Words(100003, 3, 17, 0)), Is.EqualTo(Words(0)));
        Assert.That(Ask(2, 4), Is.EqualTo(Words(1, 100003, 3, 6, 2049, 0)));
        Assert.That(Ask(2, 2, Words(100003, 3, 0, 0)), Is.EqualTo(Words(1)));
        Assert.That(Ask(2, 3, Words(100003, 3, 6, 0)), Is.EqualTo(Words(0)));
        Assert.That(Ask(2, 2, Words(100003, 3, 0, 0)), Is.EqualTo(Words(0)));
    }

    [Test]
    public void A_second_port_for_the_same_mapping_is_refused_and_the_same_is_not()
    {
        Assert.That(Ask(2, 1, Words(100003, 3, 6, 2049)), Is.EqualTo(Words(1)));
        Assert.That(Ask(2, 1, Words(100003, 3, 6, 2049)), Is.EqualTo(Words(1)));
        Assert.That(Ask(2, 1, Words(100003, 3, 6, 2050)), Is.EqualTo(Words(0)));
        Assert.That(registry.All, Has.Count.EqualTo(1));
    }

    [Test]
    public void An_unknown_version_finds_another_but_not_by_getversaddr()
    {
        registry.Set(new PortMapping(100003, 3, Transport.Tcp, true, NetAddress.Any, 2049));
        FromClient(Transport.Tcp, Server);
        Assert.That(Ask(2, 3, Words(100003, 4, 6, 0)), Is.EqualTo(Words(2049)));
        Assert.That(Ask(4, 3, Rpcb(100003, 4, "", "")), Is.EqualTo(Text("10.1.1.2.8.1")));
        Assert.That(Ask(4, 9, Rpcb(100003, 4, "", "")), Is.EqualTo(Text("")));
        Assert.That(Ask(4, 9, Rpcb(100003, 3, "", "")), Is.EqualTo(Text("10.1.1.2.8.1")));
    }

    [Test]
    public void The_exact_version_goes_before_another_one()
    {
        registry.Set(new PortMapping(100003, 2, Transport.Tcp, true, Server, 1));
        registry.Set(new PortMapping(100003, 3, Transport.Tcp, true, NetAddress.Any, 2));
        FromClient(Transport.Tcp, Server);
        Assert.That(Ask(2, 3, Words(100003, 3, 6, 0)), Is.EqualTo(Words(2)));
    }

    [Test]
    public void Only_local_programs_with_privilege_register()
    {
        FromClient(Transport.Tcp, Server);
        Assert.That(Ask(2, 1, Words(100003, 3, 6, 2049)), Is.EqualTo(Words(0)));
        Assert.That(Ask(4, 1, Rpcb(100003, 3, "tcp", "0.0.0.0.8.1")), Is.EqualTo(Words(0)));
        FromLoopback(port: 1024);
        Assert.That(Ask(4, 1, Rpcb(100003, 3, "tcp", "0.0.0.0.8.1")), Is.EqualTo(Words(0)));
        FromLoopback();
        Assert.That(Ask(4, 1, Rpcb(100003, 3, "tcp", "0.0.0.0.8.1")), Is.EqualTo(Words(1)));
        FromClient(Transport.Tcp, Server);
        Assert.That(Ask(2, 2, Words(100003, 3, 0, 0)), Is.EqualTo(Words(0)));
        Assert.That(Ask(4, 2, Rpcb(100003, 3, "", "")), Is.EqualTo(Words(0)));
        Assert.That(registry.All, Has.Count.EqualTo(1));
    }

    [Test]
    public void An_address_of_one_server_is_told_to_those_who_ask_there()
    {
        registry.Set(new PortMapping(100021, 4, Transport.Udp, true, Server, 4001));
        registry.Set(new PortMapping(100021, 4, Transport.Udp, true, Other, 4002));
        FromClient(Transport.Udp, Other);
        Assert.That(Ask(2, 3, Words(100021, 4, 17, 0)), Is.EqualTo(Words(4002)));
        FromClient(Transport.Udp, Server);
        Assert.That(Ask(3, 3, Rpcb(100021, 4, "udp", "")), Is.EqualTo(Text("10.1.1.2.15.161")));
        FromClient(Transport.Udp, Loopback);
        Assert.That(Ask(2, 3, Words(100021, 4, 17, 0)), Is.EqualTo(Words(0)));
    }

    [Test]
    public void Unset_of_one_network_leaves_the_others()
    {
        foreach (string netid in new[] { "tcp", "udp", "tcp6", "udp6" })
            Assert.That(Ask(4, 1, Rpcb(100005, 3, netid, netid.EndsWith('6') ? "::.2.1" : "0.0.0.0.2.1")), Is.EqualTo(Words(1)), netid);
        Assert.That(Ask(4, 2, Rpcb(100005, 3, "udp6", "")), Is.EqualTo(Words(1)));
        Assert.That(registry.All, Has.Count.EqualTo(3));
        Assert.That(Ask(4, 2, Rpcb(100005, 3, "", "")), Is.EqualTo(Words(1)));
        Assert.That(registry.All, Is.Empty);
    }

    [TestCase("tcp", "::.8.1")]
    [TestCase("tcp", "10.1.1.2.8.1.1")]
    [TestCase("tcp", "10.1.1.2.256.1")]
    [TestCase("tcp", "10.1.1.2.0.0")]
    [TestCase("sctp", "10.1.1.2.8.1")]
    [TestCase("tcp6", "10.1.1.2.8.1")]
    public void A_malformed_or_foreign_mapping_is_refused(string netid, string address)
    {
        byte[] result = Ask(4, 1, Rpcb(100003, 3, netid, address));
        // "::" is a wildcard, of whichever family: rpcbind takes it as well
        Assert.That(result, Is.EqualTo(Words(address == "::.8.1" ? 1u : 0u)));
    }

    [Test]
    public void Lists_of_version_4_hold_addresses_and_networks()
    {
        registry.Set(new PortMapping(100003, 3, Transport.Tcp, true, NetAddress.Any, 2049));
        registry.Set(new PortMapping(100003, 3, Transport.Tcp, false, NetAddress.Any, 2049));
        FromClient(Transport.Tcp, Server);
        byte[] expected = [.. Words(1), .. Text("10.1.1.2.8.1"), .. Text("tcp"), .. Words(3), .. Text("inet"), .. Text("tcp"), .. Words(0)];
        Assert.That(Ask(4, 11, Rpcb(100003, 3, "", "")), Is.EqualTo(expected));
        byte[] dump = Ask(4, 4);
        Assert.That(dump, Is.EqualTo((byte[])[
            .. Words(1, 100003, 3), .. Text("tcp"), .. Text("0.0.0.0.8.1"), .. Text("superuser"),
            .. Words(1, 100003, 3), .. Text("tcp6"), .. Text("::.8.1"), .. Text("superuser"), .. Words(0)]));
    }

    [Test]
    public void A_full_table_refuses_and_lists_itself_whole()
    {
        for (uint i = 0; i < PortRegistry.Most; i++)
            Assert.That(registry.Set(new PortMapping(i, 1, Transport.Tcp, true, NetAddress.Any, 1)), Is.True);
        Assert.That(registry.Set(new PortMapping(1_000_000, 1, Transport.Tcp, true, NetAddress.Any, 1)), Is.False);
        Assert.That(Ask(2, 4), Has.Length.EqualTo(PortRegistry.Most * 20 + 4));
    }

    [Test]
    public void Time_and_address_conversions()
    {
        Assert.That(Ask(3, 6), Is.EqualTo(Words(1_700_000_000)));
        byte[] socketAddress = Ask(3, 7, Text("10.1.1.2.8.1"));
        Assert.That(socketAddress, Is.EqualTo((byte[])[.. Words(16, 16), 2, 0, 8, 1, 10, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0]));
        Assert.That(Ask(3, 8, socketAddress), Is.EqualTo(Text("10.1.1.2.8.1")));
        Assert.That(Ask(3, 8, Ask(3, 7, Text("fe80::1.8.1"))), Is.EqualTo(Text("fe80::1.8.1")));
        Assert.That(Ask(3, 7, Text("nonsense")), Is.EqualTo(Words(0, 0)));
    }

    [Test]
    public void Statistics_count_calls()
    {
        Ask(4, 0);
        Ask(4, 0);
        var r = new XdrReader(Ask(4, 12));
        for (int i = 0; i < 2 * 17; i++)
            r.U32();
        Assert.That(r.U32(), Is.EqualTo(2));
    }

    [Test]
    public void Calls_on_behalf_of_others_are_refused()
    {
        Assert.That(transport.Execute(Call(1, 5, Words(100003, 3, 0, 0), 2, RPCBPROG.Number)).Length, Is.Zero);
        Assert.That(transport.Execute(Call(1, 5, Words(100003, 3, 0, 0), 4, RPCBPROG.Number)).Length, Is.Zero);
        Assert.That(Accepted(transport.Execute(Call(1, 10, Words(100003, 3, 0, 0), 4, RPCBPROG.Number))).Status, Is.EqualTo(AcceptStatus.ProcUnavail));
        Assert.That(Accepted(transport.Execute(Call(1, 9, [], 3, RPCBPROG.Number))).Status, Is.EqualTo(AcceptStatus.ProcUnavail));
    }

    [Test]
    public void Arguments_that_are_cut_are_garbage_at_every_byte()
    {
        byte[] whole = Rpcb(100003, 3, "tcp", "0.0.0.0.8.1");
        foreach (uint procedure in new uint[] { 1, 2, 3, 9, 11 })
        {
            for (int length = 0; length < whole.Length; length++)
                Assert.That(Accepted(transport.Execute(Call(1, procedure, whole.AsSpan(0, length), 4, RPCBPROG.Number))).Status, Is.EqualTo(AcceptStatus.GarbageArgs));
        }
    }
}
