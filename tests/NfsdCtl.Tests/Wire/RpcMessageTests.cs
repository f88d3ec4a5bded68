using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.TestKit.RawRpc.RawMessage;

namespace NfsdCtl.Tests.Wire;

/// <summary>Heads of calls and of replies (RFC 5531 §9), over the in-memory transport.</summary>
[TestFixture]
public class RpcMessageTests
{
    private static readonly byte[] NoVerifier = Words(0, 0);
    private readonly List<string> reports = [];
    private InMemoryTransport transport = null!;

    [SetUp]
    public void Open()
    {
        reports.Clear();
        transport = new InMemoryTransport((line, _) => reports.Add(line), new ToyProgram());
    }

    private byte[] Send(byte[] message) => transport.Execute(message).ToArray();

    [Test]
    public void A_call_is_answered_with_its_xid_and_result()
    {
        var (xid, status, result) = Accepted(Send(Call(77, ToyProgram.Echo, Opaque("abcde"u8))));
        Assert.Multiple(() =>
        {
            Assert.That(xid, Is.EqualTo(77));
            Assert.That(status, Is.EqualTo(AcceptStatus.Success));
            Assert.That(result, Is.EqualTo(Opaque("abcde"u8)));
        });
    }

    [Test]
    public void Unknown_program_version_and_procedure_have_their_statuses()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Accepted(Send(Call(1, 0, program: 99))).Status, Is.EqualTo(AcceptStatus.ProgUnavail));
            Assert.That(Accepted(Send(Call(1, 99))).Status, Is.EqualTo(AcceptStatus.ProcUnavail));
            var (_, status, range) = Accepted(Send(Call(1, 0, version: 3)));
            Assert.That(status, Is.EqualTo(AcceptStatus.ProgMismatch));
            Assert.That(range, Is.EqualTo(Words(1, 2)));
        });
    }

    [Test]
    public void Another_rpc_version_is_a_mismatch()
    {
        byte[] call = Call(5, 0);
        call[11] = 3;
        Assert.That(Send(call), Is.EqualTo(Words(5, 1, 1, 0, 2, 2)));
    }

    [Test]
    public void A_reply_or_a_cut_head_gets_no_answer()
    {
        byte[] reply = Call(5, 0);
        reply[7] = 1;
        Assert.That(Send(reply), Is.Empty);
        byte[] whole = Call(5, 0);
        for (int length = 0; length < 24; length++)
            Assert.That(Send(whole[..length]), Is.Empty, $"{length} bytes");
    }

    [Test]
    public void A_credential_or_verifier_that_is_cut_is_denied_at_every_byte()
    {
        byte[] whole = CallWith(9, ToyProgram.Null, 1, AuthSys("client"u8, 1, 2, 3, 4), NoVerifier);
        for (int length = 24; length < whole.Length; length++)
        {
            var expected = length < whole.Length - NoVerifier.Length ? AuthStatus.BadCred : AuthStatus.BadVerf;
            Assert.That(Send(whole[..length]), Is.EqualTo(Words(9, 1, 1, 1, (uint)expected)), $"{length} bytes");
        }
        Assert.That(Accepted(Send(whole)).Status, Is.EqualTo(AcceptStatus.Success));
    }

    [Test]
    public void Auth_sys_gives_the_identity_and_none_gives_nobody()
    {
        var sys = new XdrReader(Accepted(Send(CallWith(1, ToyProgram.Who, 1, AuthSys("m"u8, 1000, 100, 7, 8, 9), NoVerifier))).Result.AsSpan(32));
        Assert.That((sys.U32(), sys.U32()), Is.EqualTo((1000u, 3u)));
        var none = new XdrReader(Accepted(Send(Call(1, ToyProgram.Who))).Result.AsSpan(32));
        Assert.That((none.U32(), none.U32()), Is.EqualTo((65534u, 0u)));
    }

    [TestCase(255, 16, ExpectedResult = AuthStatus.Ok)]
    [TestCase(256, 0, ExpectedResult = AuthStatus.BadCred)]
    [TestCase(8, 17, ExpectedResult = AuthStatus.BadCred)]
    public AuthStatus Auth_sys_is_bounded(int nameLength, int groups)
    {
        byte[] credential = AuthSys(new byte[nameLength], 0, 0, new uint[groups]);
        byte[] reply = Send(CallWith(1, ToyProgram.Null, 1, credential, NoVerifier));
        return reply.Length == 20 ? (AuthStatus)reply[19] : AuthStatus.Ok;
    }

    [TestCase(2u)]
    [TestCase(6u)]
    [TestCase(7u)]
    [TestCase(0xFFFF_FFFFu)]
    public void An_unknown_flavour_is_rejected(uint flavor) =>
        Assert.That(Send(CallWith(1, ToyProgram.Null, flavor, [], NoVerifier)), Is.EqualTo(Words(1, 1, 1, 1, (uint)AuthStatus.RejectedCred)));

    [Test]
    public void A_credential_over_400_bytes_and_a_verifier_that_is_not_none_are_denied()
    {
        Assert.That(Send(CallWith(1, ToyProgram.Null, 0, new byte[404], NoVerifier)), Is.EqualTo(Words(1, 1, 1, 1, (uint)AuthStatus.BadCred)));
        Assert.That(Send(CallWith(1, ToyProgram.Null, 0, [], Words(1, 0))), Is.EqualTo(Words(1, 1, 1, 1, (uint)AuthStatus.BadVerf)));
    }

    [Test]
    public void Arguments_that_are_cut_are_garbage_at_every_byte()
    {
        byte[] whole = Call(3, ToyProgram.Echo, Opaque(new byte[13]));
        for (int length = 40; length < whole.Length; length++)
            Assert.That(Accepted(Send(whole[..length])).Status, Is.EqualTo(AcceptStatus.GarbageArgs), $"{length} bytes");
    }

    [Test]
    public void An_exception_is_a_system_error_with_nothing_of_the_result_and_is_reported()
    {
        var (_, status, result) = Accepted(Send(Call(1, ToyProgram.Throw)));
        Assert.Multiple(() =>
        {
            Assert.That(status, Is.EqualTo(AcceptStatus.SystemErr));
            Assert.That(result, Is.Empty);
            Assert.That(reports, Is.EqualTo(new[] { "toy version 1 procedure 7 failed" }));
        });
    }

    [Test]
    public void A_result_grows_with_the_room_that_it_asks_for_up_to_the_transports_limit()
    {
        var (_, _, result) = Accepted(Send(Call(1, ToyProgram.Big, Words(1_000_000))));
        Assert.That(result, Has.Length.EqualTo(1_000_004));
        Assert.That(result[4 + 999_999], Is.EqualTo(ToyProgram.PatternAt(999_999)));
        Assert.That(Accepted(Send(Call(1, ToyProgram.Big, Words(2_000_000)))).Status, Is.EqualTo(AcceptStatus.SystemErr));
    }

    [Test]
    public void Random_bytes_behind_a_head_never_throw()
    {
        var random = new Random(1);
        byte[] head = Call(8, ToyProgram.Echo);
        byte[] noise = new byte[200];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(noise);
            head.AsSpan(0, random.Next(head.Length)).CopyTo(noise);
            int length = random.Next(noise.Length + 1);
            int answered = transport.Execute(noise.AsSpan(0, length)).Length;
            Assert.That(answered, Is.Zero.Or.GreaterThanOrEqualTo(20));
        }
        Assert.That(reports, Is.Empty);
    }

    [Test]
    public void A_call_allocates_nothing()
    {
        byte[] call = CallWith(9, ToyProgram.Echo, 1, AuthSys("client"u8, 1, 2, 3, 4), [.. NoVerifier, .. Opaque(new byte[100])]);
        transport.Execute(call);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            transport.Execute(call);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
