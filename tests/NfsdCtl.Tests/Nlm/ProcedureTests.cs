using NfsdCtl.Protocols.Nlm;
using NfsdCtl.State.Records;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nlm.nlm4_stats;

namespace NfsdCtl.Tests.Nlm;

public sealed class ProcedureTests
{
    private static readonly NlmLock File1 = new(FakeFiles.Handle(1));
    private static readonly Scope ScopeA = new(NlmStack.ServerA, FakeFiles.FileSystem(1));

    private NlmStack stack = null!;

    [SetUp]
    public void Make() => stack = new NlmStack();

    [TearDown]
    public void End() => stack.Dispose();

    [Test]
    public void A_lock_is_held_tested_and_given_back([Values(1u, 3u, 4u)] uint version)
    {
        var one = stack.Client(NlmStack.Client1, NlmStack.ServerA, version);
        var two = stack.Client(NlmStack.Client2, NlmStack.ServerA, version);
        var wanted = File1 with { Offset = 10, Length = 20, Svid = 77, Owner = [9, 8, 7, 6, 5] };
        Assert.That(one.Test(wanted), Is.EqualTo((NLM4_GRANTED, (NlmHolder?)null)));
        Assert.That(one.Lock(wanted), Is.EqualTo(NLM4_GRANTED));
        Assert.That(two.Lock(File1 with { Offset = 29, Length = 1 }), Is.EqualTo(NLM4_DENIED));
        Assert.That(two.Lock(File1 with { Offset = 30, Length = 1 }), Is.EqualTo(NLM4_GRANTED));
        var (status, holder) = two.Test(File1 with { Offset = 0, Length = 15, Exclusive = false });
        Assert.That(status, Is.EqualTo(NLM4_DENIED));
        Assert.That((holder!.Exclusive, holder.Svid, holder.Offset, holder.Length), Is.EqualTo((true, 77, 10ul, 20ul)));
        Assert.That(holder.Owner, Is.EqualTo(new byte[] { 9, 8, 7, 6, 5 }));
        Assert.That(one.Unlock(wanted), Is.EqualTo(NLM4_GRANTED));
        Assert.That(two.Test(wanted).Status, Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void Holders_beyond_32_bits_are_told_to_old_versions_as_far_as_they_go()
    {
        stack.Client(NlmStack.Client1, NlmStack.ServerA).Lock(File1 with { Offset = 1ul << 40, Length = 1ul << 35 });
        var holder = stack.Client(NlmStack.Client2, NlmStack.ServerA, 3).Test(File1).Holder!;
        Assert.That((holder.Offset, holder.Length), Is.EqualTo(((ulong)int.MaxValue, 0ul)));
    }

    [TestCase(4u, 0, NLM4_STALE_FH)]
    [TestCase(3u, 0, NLM4_DENIED_NOLOCKS)]
    [TestCase(1u, 0, NLM4_DENIED_NOLOCKS)]
    [TestCase(4u, 255, NLM4_ROFS)]
    [TestCase(3u, 255, NLM4_DENIED_NOLOCKS)]
    public void A_file_that_is_gone_or_read_only_is_refused_with_its_versions_status(uint version, int fileSystem, nlm4_stats status)
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA, version);
        Assert.That(client.Lock(new NlmLock(FakeFiles.Handle(1, (byte)fileSystem))), Is.EqualTo(status));
        Assert.That(client.Lock(new NlmLock(FakeFiles.Handle(1, (byte)fileSystem)) { Exclusive = false }),
            Is.EqualTo(fileSystem == 255 ? NLM4_GRANTED : status));
    }

    [Test]
    public void A_malformed_handle_fails([Values(0, 1, 3, 64, 65, 1024)] int length)
    {
        var bad = File1 with { File = new byte[length] };
        Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA).Lock(bad), Is.EqualTo(NLM4_FAILED));
        Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA).Unlock(bad), Is.EqualTo(NLM4_FAILED));
        Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA, 3).Lock(bad), Is.EqualTo(NLM4_DENIED_NOLOCKS));
    }

    [TestCase(1ul << 63, 0ul, NLM4_FBIG)]
    [TestCase(ulong.MaxValue, 1ul, NLM4_FBIG)]
    [TestCase(long.MaxValue - 1ul, 2ul, NLM4_GRANTED)]
    [TestCase(long.MaxValue - 1ul, 3ul, NLM4_FBIG)]
    [TestCase(1ul, ulong.MaxValue, NLM4_FBIG)]
    [TestCase((ulong)long.MaxValue, 1ul, NLM4_GRANTED)]
    public void A_range_must_fit_into_a_file(ulong offset, ulong length, nlm4_stats status) =>
        Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA).Lock(File1 with { Offset = offset, Length = length }), Is.EqualTo(status));

    [Test]
    public void Procedures_that_do_not_exist_are_unavailable()
    {
        foreach (uint procedure in new uint[] { 16, 17, 18, 19, 24, 25, uint.MaxValue })
            Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA).Outcome(procedure, []), Is.EqualTo(AcceptStatus.ProcUnavail));
        foreach (uint procedure in new uint[] { 20, 21, 22, 23 })
            Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA, 1).Outcome(procedure, []), Is.EqualTo(AcceptStatus.ProcUnavail));
        Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA, 1).Outcome(0, []), Is.EqualTo(AcceptStatus.Success));
    }

    [Test]
    public void Every_message_cut_at_every_byte_is_garbage_and_leaves_nothing([Values(1u, 3u, 4u)] uint version)
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA, version);
        foreach (var (procedure, arguments) in Messages(client))
        {
            for (int cut = 0; cut < arguments.Length; cut++)
                Assert.That(client.Outcome(procedure, arguments[..cut]), Is.EqualTo(AcceptStatus.GarbageArgs), $"procedure {procedure} cut at {cut}");
        }
        Assert.That(stack.Client(NlmStack.Client2, NlmStack.ServerA).Lock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Peers.Calls, Is.Empty);
    }

    [Test]
    public void The_longest_names_cookies_and_owners_are_taken_and_longer_ones_are_garbage()
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        client.Cookie = new byte[1024];
        client.CallerName = new string('n', 1024);
        Assert.That(client.Lock(File1 with { Owner = new byte[1024] }), Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Client(NlmStack.Client2, NlmStack.ServerA).Test(File1).Holder!.Owner, Has.Length.EqualTo(1024));
        Assert.That(client.Outcome(2, client.LockArguments(File1 with { Owner = new byte[1025] })), Is.EqualTo(AcceptStatus.GarbageArgs));
        client.Cookie = new byte[1025];
        Assert.That(client.Outcome(2, client.LockArguments(File1)), Is.EqualTo(AcceptStatus.GarbageArgs));
        client.Cookie = [];
        client.CallerName = new string('n', 1025);
        Assert.That(client.Outcome(2, client.LockArguments(File1)), Is.EqualTo(AcceptStatus.GarbageArgs));
    }

    [Test]
    public void The_asynchronous_forms_answer_by_a_call_from_the_address_that_was_used([Values(1u, 3u, 4u)] uint version)
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerB, version);
        stack.Client(NlmStack.Client2, NlmStack.ServerB).Lock(File1 with { Offset = 100, Length = 1 });
        var expected = new (uint Procedure, byte[] Arguments, uint Result, nlm4_stats Status)[]
        {
            (6, client.TestArguments(File1), 11, NLM4_DENIED),
            (7, client.LockArguments(File1 with { Length = 10 }), 12, NLM4_GRANTED),
            (7, client.LockArguments(File1 with { Block = true }), 12, NLM4_BLOCKED),
            (8, client.CancelArguments(File1 with { Block = true }), 13, NLM4_GRANTED),
            (9, client.UnlockArguments(File1), 14, NLM4_GRANTED),
            (10, client.TestArguments(File1), 15, NLM4_DENIED),
        };
        foreach (var (procedure, arguments, result, status) in expected)
        {
            Assert.That(client.Call(procedure, arguments), Is.Empty, "the reply itself is void");
            var call = stack.Peers.End(Protocols.Peers.PeerOutcome.Answered);
            Assert.That((call.From, call.To, call.Version, call.Procedure), Is.EqualTo((NlmStack.ServerB, NlmStack.Client1, version, result)));
            var r = new XdrReader(call.Arguments);
            Assert.That(r.Opaque(1024).ToArray(), Is.EqualTo(client.Cookie));
            var got = result == 11 ? client.ReadTest(ref r).Status : (nlm4_stats)r.U32();
            Assert.That(got, Is.EqualTo(status), $"procedure {procedure}");
        }
        Assert.That(stack.Peers.Open, Is.Zero);
    }

    [Test]
    public void Results_sent_to_us_are_read_and_dropped()
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        foreach (uint procedure in new uint[] { 11, 12, 13, 14, 15 })
            Assert.That(client.Call(procedure, NlmClient.Result([1, 2, 3], NLM4_GRANTED)), Is.Empty);
        Assert.That(client.Call(15, NlmClient.Result(new byte[8], NLM4_DENIED)), Is.Empty, "a cookie that was never sent");
    }

    [Test]
    public void The_same_owner_through_another_server_address_is_another_owner()
    {
        Assert.That(stack.Client(NlmStack.Client1, NlmStack.ServerA).Lock(File1), Is.EqualTo(NLM4_GRANTED));
        var other = stack.Client(NlmStack.Client1, NlmStack.ServerB);
        Assert.That(other.Lock(File1), Is.EqualTo(NLM4_DENIED));
        Assert.That(other.Unlock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(other.Lock(File1), Is.EqualTo(NLM4_DENIED), "it gave back nothing of the first");
    }

    [Test]
    public void A_clients_record_is_on_disk_before_its_first_lock_and_is_written_once()
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        Assert.That(client.Lock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Records.ClientsOf(ScopeA), Is.EqualTo(new[] { new ClientName(NlmStack.Client1, client.CallerName) }));
        client.Unlock(File1);
        client.Lock(File1);
        client.Lock(new NlmLock(FakeFiles.Handle(2)));
        Assert.That(stack.Records.Log, Has.Count.EqualTo(1));
        client.Lock(new NlmLock(FakeFiles.Handle(1, 2)));
        Assert.That(stack.Records.Log, Has.Count.EqualTo(2), "another filesystem is another scope");
    }

    [TestCase(RecordStatus.NoSpace)]
    [TestCase(RecordStatus.ReadOnly)]
    [TestCase(RecordStatus.IoError)]
    [TestCase(RecordStatus.Unavailable)]
    public void Where_the_disk_refuses_the_record_the_lock_is_refused_and_nothing_is_left(RecordStatus failure)
    {
        stack.Records.Failure = failure;
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        Assert.That(client.Lock(File1), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(client.Lock(File1 with { Block = true }), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(stack.Client(NlmStack.Client2, NlmStack.ServerA).Test(File1).Status, Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Warnings, Is.Not.Empty);
        stack.Records.Failure = RecordStatus.Ok;
        Assert.That(client.Lock(File1), Is.EqualTo(NLM4_GRANTED), "the disk has room again");
    }

    [Test]
    public void An_unmonitored_lock_writes_no_record_and_never_waits([Values(3u, 4u)] uint version)
    {
        var client = stack.Client(NlmStack.Client1, NlmStack.ServerA, version);
        Assert.That(client.NmLock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Records.Log, Is.Empty);
        Assert.That(stack.Client(NlmStack.Client2, NlmStack.ServerA, version).NmLock(File1 with { Block = true }), Is.EqualTo(NLM4_DENIED));
    }

    [Test]
    public void Shares_conflict_by_mode_and_access([Values] fsh_mode mode1, [Values] fsh_access access1, [Values] fsh_mode mode2, [Values] fsh_access access2)
    {
        var one = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        var two = stack.Client(NlmStack.Client2, NlmStack.ServerA, 3);
        byte[] file = FakeFiles.Handle(1);
        Assert.That(one.Share(file, mode1, access1), Is.EqualTo(NLM4_GRANTED));
        bool conflict = ((uint)mode1 & (uint)access2) != 0 || ((uint)mode2 & (uint)access1) != 0;
        Assert.That(two.Share(file, mode2, access2), Is.EqualTo(conflict ? NLM4_DENIED : NLM4_GRANTED));
        Assert.That(one.Unshare(file), Is.EqualTo(NLM4_GRANTED));
        Assert.That(two.Share(file, mode2, access2), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void Free_all_frees_what_that_client_held_through_that_address()
    {
        var a = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        var b = stack.Client(NlmStack.Client1, NlmStack.ServerB);
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        a.Lock(File1 with { Length = 1 });
        b.Lock(File1 with { Offset = 1, Length = 1 });
        other.Lock(File1 with { Offset = 2, Length = 1 });
        a.FreeAll();
        stack.Settle();
        Assert.That(other.Test(File1 with { Offset = 0, Length = 1 }).Status, Is.EqualTo(NLM4_GRANTED));
        Assert.That(other.Test(File1 with { Offset = 1, Length = 1 }).Status, Is.EqualTo(NLM4_DENIED));
        Assert.That(a.Test(File1 with { Offset = 2, Length = 1 }).Status, Is.EqualTo(NLM4_DENIED));
    }

    [Test]
    public void Lock_and_unlock_allocate_nothing()
    {
        var channel = stack.Channel(NlmStack.Client1, NlmStack.ServerA);
        var client = new NlmClient(channel);
        byte[] take = client.LockArguments(File1);
        byte[] give = client.UnlockArguments(File1);
        long allocated = 0;
        channel.Run(() =>
        {
            for (int i = 0; i < 3000; i++)
            {
                if (i == 2000)
                    allocated = GC.GetAllocatedBytesForCurrentThread();
                channel.Execute(NlmClient.Program, 4, 2, take, out _);
                channel.Execute(NlmClient.Program, 4, 4, give, out _);
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        });
        Assert.That(allocated, Is.Zero);
    }

    private static IEnumerable<(uint Procedure, byte[] Arguments)> Messages(NlmClient client)
    {
        yield return (1, client.TestArguments(File1));
        yield return (2, client.LockArguments(File1));
        yield return (3, client.CancelArguments(File1));
        yield return (4, client.UnlockArguments(File1));
        yield return (5, client.TestArguments(File1));
        yield return (6, client.TestArguments(File1));
        yield return (7, client.LockArguments(File1));
        yield return (8, client.CancelArguments(File1));
        yield return (9, client.UnlockArguments(File1));
        yield return (10, client.TestArguments(File1));
        for (uint result = 11; result <= 15; result++)
            yield return (result, NlmClient.Result(client.Cookie, NLM4_GRANTED));
        if (client.Version == 1)
            yield break;
        yield return (20, client.ShareArguments(File1.File, fsh_mode.fsm_DRW, fsh_access.fsa_RW, false, null));
        yield return (21, client.ShareArguments(File1.File, fsh_mode.fsm_DRW, fsh_access.fsa_RW, false, null));
        yield return (22, client.LockArguments(File1));
    }
}
