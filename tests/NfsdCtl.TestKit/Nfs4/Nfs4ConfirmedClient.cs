using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Nfs4;

/// <summary>A client of minor version 0: SETCLIENTID, SETCLIENTID_CONFIRM.</summary>
public sealed class Nfs4ConfirmedClient : INfs4Client
{
    private readonly IRpcChannel channel;

    public Nfs4ConfirmedClient(IRpcChannel channel, string name)
    {
        this.channel = channel;
        var reader = Send(Compound().Add(nfs_opnum4.OP_SETCLIENTID, (ref XdrWriter w) =>
        {
            w.U64(1);
            w.Opaque(Encoding.UTF8.GetBytes(name));
            w.U32(0);
            w.Opaque("tcp"u8);
            w.Opaque("0.0.0.0.0.0"u8);
            w.U32(0);
        })).Reader;
        reader.Fixed(8);
        ClientId = reader.U64();
        ulong verifier = reader.U64();
        Send(Compound().Add(nfs_opnum4.OP_SETCLIENTID_CONFIRM, (ref XdrWriter w) =>
        {
            w.U64(ClientId);
            w.U64(verifier);
        }));
    }

    public uint MinorVersion => 0;

    public ulong ClientId { get; }

    public uint OwnResults => 0;

    public int OwnLength => 0;

    public CompoundBuilder Compound() => new(0);

    public CompoundResult Try(CompoundBuilder compound) => compound.Send(channel);

    public CompoundResult Send(CompoundBuilder compound) => Try(compound).OrThrow();

    /// <summary>Opens a file, makes it if need be, and confirms the owner by it: seqids 1 and 2.</summary>
    public StateId OpenFirst(byte[] directory, string owner, string name)
    {
        var stateId = OpenedIn(Send(Compound().PutFh(directory).Open(owner, name, mode: createmode4.UNCHECKED4, seqid: 1, clientId: ClientId)));
        var reader = Send(Compound().PutFh(directory).Lookup(name).Add(nfs_opnum4.OP_OPEN_CONFIRM, Confirm(stateId, 2))).Reader;
        reader.Fixed(3 * 8);
        return StateId.Read(reader.Fixed(StateId.Size));
    }

    /// <summary>The arguments of OPEN_CONFIRM.</summary>
    public static OperationArguments Confirm(StateId stateId, uint seqid) => (ref XdrWriter w) =>
    {
        stateId.Write(w.Take(StateId.Size));
        w.U32(seqid);
    };

    /// <summary>The stateid of PUTFH, OPEN.</summary>
    public static StateId OpenedIn(CompoundResult result)
    {
        var reader = result.Reader;
        reader.Fixed(2 * 8);
        return StateId.Read(reader.Fixed(StateId.Size));
    }
}
