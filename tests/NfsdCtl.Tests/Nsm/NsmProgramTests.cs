using System.Text;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Tests.Nlm;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nsm;

public sealed class NsmProgramTests
{
    private const uint Program = 100024;
    private static readonly NetAddress Loopback = NetAddress.FromV4(0x7F000001);
    private static readonly NlmLock File1 = new(FakeFiles.Handle(1));

    private NlmStack stack = null!;

    [SetUp]
    public void Make()
    {
        stack = new NlmStack();
        stack.Nsm.Start();
    }

    [TearDown]
    public void End() => stack.Dispose();

    [Test]
    public void A_clients_reboot_frees_its_locks_on_all_addresses_and_nobody_elses()
    {
        var a = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        var b = stack.Client(NlmStack.Client1, NlmStack.ServerB);
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        a.Lock(File1 with { Length = 1 });
        b.Lock(File1 with { Offset = 1, Length = 1 });
        other.Lock(File1 with { Offset = 2, Length = 1 });
        Notify(NlmStack.Client1, a.CallerName, 7);
        Assert.That(other.Lock(File1 with { Length = 2 }), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
        Assert.That(a.Test(File1 with { Offset = 2, Length = 1 }).Status, Is.EqualTo(nlm4_stats.NLM4_DENIED));
    }

    [Test]
    public void The_same_state_number_again_frees_nothing()
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        client.Lock(File1);
        Notify(NlmStack.Client1, client.CallerName, 7);
        client.Lock(File1);
        Notify(NlmStack.Client1, client.CallerName, 7);
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        Assert.That(other.Lock(File1), Is.EqualTo(nlm4_stats.NLM4_DENIED));
        Notify(NlmStack.Client1, client.CallerName, 9);
        Assert.That(other.Lock(File1), Is.EqualTo(nlm4_stats.NLM4_GRANTED));
    }

    [Test]
    public void A_stranger_cannot_speak_for_a_client()
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        client.Lock(File1);
        Notify(NlmStack.Client2, client.CallerName, 7);
        Notify(NlmStack.Client2, NlmStack.Client1.ToString(), 9);
        Assert.That(stack.Client(NlmStack.Client2, NlmStack.ServerA).Lock(File1), Is.EqualTo(nlm4_stats.NLM4_DENIED));
    }

    [Test]
    public void Of_two_callers_at_one_address_the_one_that_is_named_loses_its_locks()
    {
        var one = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        var two = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        two.CallerName = "behind.the.same.router";
        one.Lock(File1 with { Length = 1 });
        two.Lock(File1 with { Offset = 1, Length = 1 });
        Notify(NlmStack.Client1, two.CallerName, 7);
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        Assert.That(other.Test(File1 with { Length = 1 }).Status, Is.EqualTo(nlm4_stats.NLM4_DENIED));
        Assert.That(other.Test(File1 with { Offset = 1, Length = 1 }).Status, Is.EqualTo(nlm4_stats.NLM4_GRANTED));
    }

    [Test]
    public void Stat_and_the_watches_of_local_programs()
    {
        var local = Channel(Loopback, 700);
        Assert.That(StatRes(local, 1, Name("host")), Is.EqualTo((0, 1)));
        Assert.That(StatRes(local, 2, Mon("host")), Is.EqualTo((0, 1)));
        Notify(NlmStack.Client1, "host", 11);
        var call = stack.Peers.Calls.Single();
        Assert.That((call.To, call.Program, call.Version, call.Procedure), Is.EqualTo((Loopback, 300000u, 2u, 9u)));
        var r = new XdrReader(call.Arguments);
        Assert.That(sm_status.Read(ref r, out var status), Is.True);
        Assert.That((Encoding.UTF8.GetString(status.mon_name), status.state, status.priv[15]), Is.EqualTo(("host", 11, (byte)15)));

        Assert.That(Call(local, 3, MonId("host")).Length, Is.EqualTo(4));
        Notify(NlmStack.Client1, "host", 13);
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
        StatRes(local, 2, Mon("host"));
        Call(local, 4, MyId());
        Notify(NlmStack.Client1, "host", 15);
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public void Only_root_of_this_machine_changes_what_is_watched()
    {
        foreach (var channel in new[] { Channel(NlmStack.Client1, 700), Channel(Loopback, 5000) })
        {
            Assert.That(StatRes(channel, 2, Mon("host")).Status, Is.EqualTo(1));
            uint before = stack.Nsm.StateNumber;
            Call(channel, 5, []);
            Assert.That(stack.Nsm.StateNumber, Is.EqualTo(before));
        }
        Call(Channel(Loopback, 700), 5, []);
        Assert.That(stack.Nsm.StateNumber, Is.EqualTo(3));
    }

    [Test]
    public void The_number_of_watches_is_bounded()
    {
        var local = Channel(Loopback, 700);
        for (int i = 0; i < NsmService.MaxWatches; i++)
            Assert.That(StatRes(local, 2, Mon($"host{i}")).Status, Is.Zero);
        Assert.That(StatRes(local, 2, Mon("one more")).Status, Is.EqualTo(1));
        Assert.That(StatRes(local, 2, Mon("host3")).Status, Is.Zero, "one that is there is replaced");
    }

    [Test]
    public void Every_message_cut_at_every_byte_is_garbage()
    {
        var local = Channel(Loopback, 700);
        foreach (var (procedure, arguments) in new (uint, byte[])[] { (1, Name("host")), (2, Mon("host")), (3, MonId("host")), (4, MyId()), (6, Change("host", 5)) })
        {
            for (int cut = 0; cut < arguments.Length; cut++)
                Assert.That(local.Call(Program, 1, procedure, arguments.AsSpan(0, cut)).Status, Is.EqualTo(AcceptStatus.GarbageArgs));
        }
        Assert.That(local.Call(Program, 1, 7, []).Status, Is.EqualTo(AcceptStatus.ProcUnavail));
        Assert.That(local.Call(Program, 1, 0, []).Status, Is.EqualTo(AcceptStatus.Success));
    }

    private void Notify(NetAddress from, string name, int number)
    {
        Call(Channel(from, 700), 6, Change(name, number));
        stack.Settle();
    }

    private InMemoryChannel Channel(NetAddress client, ushort port)
    {
        var channel = stack.Channel(client, NlmStack.ServerA);
        channel.ClientPort = port;
        return channel;
    }

    private static byte[] Call(InMemoryChannel channel, uint procedure, byte[] arguments)
    {
        var answer = channel.Call(Program, 1, procedure, arguments);
        Assert.That(answer.Status, Is.EqualTo(AcceptStatus.Success));
        return answer.Result;
    }

    private static (int Status, int Number) StatRes(InMemoryChannel channel, uint procedure, byte[] arguments)
    {
        var r = new XdrReader(Call(channel, procedure, arguments));
        return (r.I32(), r.I32());
    }

    private static byte[] Name(string name) => Encode((ref w) => w.Opaque(Encoding.UTF8.GetBytes(name)));

    private static byte[] MyId() => Encode(PutMyId);

    private static byte[] MonId(string name) => Encode((ref w) =>
    {
        w.Opaque(Encoding.UTF8.GetBytes(name));
        PutMyId(ref w);
    });

    private static byte[] Mon(string name) => Encode((ref w) =>
    {
        w.Opaque(Encoding.UTF8.GetBytes(name));
        PutMyId(ref w);
        w.Fixed([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    });

    private static byte[] Change(string name, int number) => Encode((ref w) =>
    {
        w.Opaque(Encoding.UTF8.GetBytes(name));
        w.I32(number);
    });

    private static void PutMyId(ref XdrWriter w)
    {
        w.Opaque("me"u8);
        w.I32(300000);
        w.I32(2);
        w.I32(9);
    }

    private delegate void Encoder(ref XdrWriter w);

    private static byte[] Encode(Encoder encode)
    {
        var w = new XdrWriter(new byte[4096]);
        encode(ref w);
        return w.Written.ToArray();
    }
}
