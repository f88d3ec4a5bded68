using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>
/// Compounds that nobody meant: every operation number, known or not, in every minor version, cut at every byte. Each has an answer whose
/// last result says why.
/// </summary>
public sealed class MalformedCompoundTests : Nfs4TestBase
{
    private const uint Last = (uint)nfs_opnum4.OP_REMOVEXATTR;

    private static readonly uint[] Unknown = [0, 1, 2, Last + 1, Last + 2, 255, 10043, 10044, 10045, 0x7FFF_FFFF, 0x8000_0000, uint.MaxValue];

    private byte[] session = [];
    private uint sequence;

    private static IEnumerable<uint> Numbers => [.. Enumerable.Range(3, (int)Last - 2).Select(n => (uint)n), .. Unknown];

    /// <summary>One with a session in front where there are sessions, and the exported directory as the current and the saved filehandle.</summary>
    private CompoundBuilder Prefix(uint minorVersion)
    {
        var builder = new CompoundBuilder(minorVersion, "tag");
        if (minorVersion > 0)
            builder.Add(nfs_opnum4.OP_SEQUENCE, OperationSamples.SequenceOf(session, ++sequence));
        return builder.Add(nfs_opnum4.OP_PUTFH, (ref XdrWriter w) => w.Opaque(Root)).Add(nfs_opnum4.OP_SAVEFH);
    }

    private void MakeSession(uint minorVersion)
    {
        if (minorVersion == 0)
            return;
        var made = new CompoundBuilder(minorVersion)
            .Add(nfs_opnum4.OP_EXCHANGE_ID, (ref XdrWriter w) => OperationSamples.ExchangeId("malformed", ref w)).Send(Server.Channel).Reader;
        made.Fixed(8);
        ulong clientId = made.U64();
        uint first = made.U32();
        var created = new CompoundBuilder(minorVersion)
            .Add(nfs_opnum4.OP_CREATE_SESSION, (ref XdrWriter w) => OperationSamples.CreateSession(clientId, first, ref w)).Send(Server.Channel);
        Assert.That(created.Status, Is.EqualTo(Ok));
        session = created.Body[8..24];
        sequence = 0;
    }

    [Test]
    public void Every_operation_cut_at_every_byte_has_a_defined_status([Values(0u, 1u, 2u)] uint minorVersion)
    {
        MakeSession(minorVersion);
        foreach (uint number in Numbers)
        {
            var sample = new XdrWriter(new byte[4096]);
            OperationSamples.Write((nfs_opnum4)number, ref sample);
            byte[] whole = sample.Written.ToArray();
            for (int length = 0; length <= whole.Length; length++)
            {
                byte[] prefix = Prefix(minorVersion).Add(number).ToArray();
                var result = CompoundResult.Of(Server.Channel, [.. prefix, .. whole.AsSpan(0, length)]);
                Check(result, number, length, whole.Length, minorVersion);
            }
        }
        Assert.That(Server.Warnings, Is.Empty);
    }

    private static void Check(CompoundResult result, uint number, int length, int whole, uint minorVersion)
    {
        string which = $"operation {number} of 4.{minorVersion}, {length} of {whole} bytes";
        Assert.That(Enum.IsDefined(result.Status), Is.True, $"{which}: {(uint)result.Status}");
        Assert.That(result.Tag, Is.EqualTo("tag"), which);
        uint before = minorVersion > 0 ? 3u : 2u;
        Assert.That(result.Count, Is.EqualTo(before + 1), which);
        bool known = OperationTable.Find(number, minorVersion) is not null;
        if (!known)
            Assert.That(result.Last, Is.EqualTo(((uint)nfs_opnum4.OP_ILLEGAL, nfsstat4.NFS4ERR_OP_ILLEGAL)), which);
        else if (length < whole)
            Assert.That(result.Status, Is.Not.EqualTo(Ok), which);
    }

    [Test]
    public void A_cut_argument_is_bad_xdr_where_the_operation_is_served([Values(0u, 1u, 2u)] uint minorVersion)
    {
        MakeSession(minorVersion);
        foreach (var operation in OperationTable.All)
        {
            var sample = new XdrWriter(new byte[4096]);
            OperationSamples.Write(operation.Number, ref sample);
            if (OperationTable.Find((uint)operation.Number, minorVersion) is null || minorVersion >= operation.RetiredIn || sample.Position == 0
                || (minorVersion > 0 && operation.Place is SessionPlace.First or SessionPlace.Alone))
                continue;
            byte[] arguments = [.. Prefix(minorVersion).Add((uint)operation.Number).ToArray(), .. sample.Written[..^1]];
            Assert.That(CompoundResult.Of(Server.Channel, arguments).Status, Is.EqualTo(nfsstat4.NFS4ERR_BADXDR), $"{operation.Name} of 4.{minorVersion}");
        }
    }

    [Test]
    public void A_head_cut_at_every_byte_is_garbage([Values(0u, 1u, 2u)] uint minorVersion)
    {
        byte[] head = new CompoundBuilder(minorVersion, "tag").ToArray();
        for (int length = 0; length < head.Length; length++)
        {
            byte[] cut = head[..length];
            Assert.That(() => CompoundResult.Of(Server.Channel, cut), Throws.TypeOf<RpcCallException>()
                .With.Property(nameof(RpcCallException.Status)).EqualTo(AcceptStatus.GarbageArgs));
        }
    }

    [TestCase(3u)]
    [TestCase(uint.MaxValue)]
    public void A_minor_version_that_is_not_there_executes_nothing(uint minorVersion)
    {
        var result = new CompoundBuilder(minorVersion).Add(nfs_opnum4.OP_PUTROOTFH).Send(Server.Channel);
        Assert.That((result.Status, result.Count, result.Body.Length), Is.EqualTo((nfsstat4.NFS4ERR_MINOR_VERS_MISMATCH, 0u, 0)));
    }

    [Test]
    public void A_count_without_operations_behind_it_ends_with_bad_xdr()
    {
        var result = new CompoundBuilder(0) { Count = 3 }.Add(nfs_opnum4.OP_PUTROOTFH).Send(Server.Channel);
        Assert.That((result.Status, result.Count), Is.EqualTo((nfsstat4.NFS4ERR_BADXDR, 2u)));
        Assert.That(result.Last, Is.EqualTo(((uint)nfs_opnum4.OP_ILLEGAL, nfsstat4.NFS4ERR_BADXDR)));
    }

    [Test]
    public void More_operations_than_the_setting_allows_are_refused_at_once()
    {
        var result = new CompoundBuilder(0) { Count = uint.MaxValue }.Add(nfs_opnum4.OP_PUTROOTFH).Send(Server.Channel);
        Assert.That((result.Status, result.Count), Is.EqualTo((nfsstat4.NFS4ERR_RESOURCE, 0u)));
    }

    [Test]
    public void An_operation_outside_of_a_session_is_told_so([Values(1u, 2u)] uint minorVersion)
    {
        foreach (var operation in OperationTable.All.Where(o => o.Place == SessionPlace.InSession))
        {
            var result = new CompoundBuilder(minorVersion).Add(operation.Number).Send(Server.Channel);
            var expected = minorVersion >= operation.Since ? nfsstat4.NFS4ERR_OP_NOT_IN_SESSION : nfsstat4.NFS4ERR_OP_ILLEGAL;
            Assert.That(result.Status, Is.EqualTo(expected), operation.Name);
        }
    }

    [Test]
    public void A_second_sequence_is_out_of_place()
    {
        MakeSession(1);
        var result = new CompoundBuilder(1).Add(nfs_opnum4.OP_SEQUENCE, OperationSamples.SequenceOf(session, 1))
            .Add(nfs_opnum4.OP_SEQUENCE, OperationSamples.SequenceOf(session, 1)).Send(Server.Channel);
        Assert.That((result.Status, result.Count), Is.EqualTo((nfsstat4.NFS4ERR_SEQUENCE_POS, 2u)));
    }

    [Test]
    public void A_repeated_request_gets_the_same_bytes_again()
    {
        MakeSession(1);
        byte[] call = new CompoundBuilder(1, "once").Add(nfs_opnum4.OP_SEQUENCE, OperationSamples.SequenceOf(session, 1, cacheThis: true))
            .Add(nfs_opnum4.OP_PUTFH, (ref XdrWriter w) => w.Opaque(Root))
            .Add(nfs_opnum4.OP_GETFH).ToArray();
        var first = CompoundResult.Of(Server.Channel, call);
        var second = CompoundResult.Of(Server.Channel, call);
        Assert.That(first.Status, Is.EqualTo(Ok));
        Assert.That(second.Body, Is.EqualTo(first.Body));
        Assert.That((second.Status, second.Tag, second.Count), Is.EqualTo((first.Status, first.Tag, first.Count)));
    }
}
