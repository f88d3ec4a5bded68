using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Nfs4;

/// <summary>What a test wants of a session.</summary>
public sealed record SessionWishes
{
    public uint MaxRequest { get; init; } = 1 << 20;

    public uint MaxResponse { get; init; } = 1 << 20;

    public uint MaxCachedResponse { get; init; } = 4096;

    public uint MaxOperations { get; init; } = 32;

    /// <summary>The connection is to carry call-backs.</summary>
    public bool BackChannel { get; init; }
}

/// <summary>A client of minor version 1 or 2 with one session, of which it uses one slot.</summary>
public sealed class Nfs4SessionClient : INfs4Client
{
    private const int SequenceBody = 36;

    private readonly IRpcChannel channel;
    private uint sequence;

    /// <summary>EXCHANGE_ID, CREATE_SESSION, RECLAIM_COMPLETE.</summary>
    /// <param name="reclaims">It will reclaim first: <see cref="ReclaimComplete"/> is left to the caller.</param>
    public Nfs4SessionClient(IRpcChannel channel, string owner, uint minorVersion = 1, SessionWishes? wishes = null, bool reclaims = false)
    {
        this.channel = channel;
        MinorVersion = minorVersion;
        var made = Send(new CompoundBuilder(minorVersion).Add(nfs_opnum4.OP_EXCHANGE_ID, (ref XdrWriter w) => WriteExchangeId(owner, ref w)));
        var reader = made.Reader;
        reader.Fixed(8);
        ClientId = reader.U64();
        uint first = reader.U32();
        var session = Send(new CompoundBuilder(minorVersion)
            .Add(nfs_opnum4.OP_CREATE_SESSION, (ref XdrWriter w) => WriteCreateSession(ClientId, first, wishes ?? new(), ref w)));
        Session = session.Body[8..(8 + SessionId.Size)];
        if (!reclaims)
            ReclaimComplete();
    }

    public uint MinorVersion { get; }

    public ulong ClientId { get; }

    public byte[] Session { get; }

    /// <summary>The sequence of the next request.</summary>
    public uint Sequence => sequence + 1;

    /// <summary>RECLAIM_COMPLETE for all filesystems.</summary>
    public void ReclaimComplete() => Send(Compound().Add(nfs_opnum4.OP_RECLAIM_COMPLETE, (ref XdrWriter w) => w.Bool(false)));

    /// <summary>A compound that begins with the next SEQUENCE.</summary>
    public CompoundBuilder Compound(bool cacheThis = false) => At(++sequence, cacheThis);

    CompoundBuilder INfs4Client.Compound() => Compound();

    uint INfs4Client.OwnResults => 1;

    int INfs4Client.OwnLength => 2 * sizeof(uint) + SequenceBody;

    /// <summary>A compound that begins with a SEQUENCE of the test's choice.</summary>
    public CompoundBuilder At(uint number, bool cacheThis = false) => new CompoundBuilder(MinorVersion)
        .Add(nfs_opnum4.OP_SEQUENCE, (ref XdrWriter w) => new SEQUENCE4args
        {
            sa_sessionid = Session,
            sa_sequenceid = number,
            sa_cachethis = cacheThis,
        }.Write(ref w));

    public CompoundResult Try(CompoundBuilder compound) => compound.Send(channel);

    public CompoundResult Send(CompoundBuilder compound) => Try(compound).OrThrow();

    private static void WriteExchangeId(string owner, ref XdrWriter w)
    {
        w.U64(1);
        w.Opaque(Encoding.UTF8.GetBytes(owner));
        w.U32(0);
        w.U32((uint)state_protect_how4.SP4_NONE);
        w.U32(0);
    }

    private static void WriteCreateSession(ulong clientId, uint sequence, SessionWishes wishes, ref XdrWriter w)
    {
        w.U64(clientId);
        w.U32(sequence);
        w.U32(wishes.BackChannel ? (uint)Nfs4Constants.CREATE_SESSION4_FLAG_CONN_BACK_CHAN : 0);
        WriteChannel(wishes, ref w);
        WriteChannel(new SessionWishes(), ref w);
        w.U32(0x4000_0000);
        w.U32(1);
        w.U32(0);
    }

    private static void WriteChannel(SessionWishes wishes, ref XdrWriter w)
    {
        w.U32(0);
        w.U32(wishes.MaxRequest);
        w.U32(wishes.MaxResponse);
        w.U32(wishes.MaxCachedResponse);
        w.U32(wishes.MaxOperations);
        w.U32(4);
        w.U32(0);
    }
}
