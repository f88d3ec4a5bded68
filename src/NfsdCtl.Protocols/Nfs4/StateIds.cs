using System.Buffers.Binary;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>stateid4 on the wire, and the check that operations on data share.</summary>
internal static class StateIds
{
    public static StateId Read(ref XdrReader arguments)
    {
        var bytes = arguments.Fixed(StateId.Size);
        return bytes.IsEmpty ? default : StateId.Read(bytes);
    }

    public static StateId Of(in stateid4 stateId) => new(
        stateId.seqid, BinaryPrimitives.ReadUInt64BigEndian(stateId.other), BinaryPrimitives.ReadUInt32BigEndian(stateId.other[sizeof(ulong)..]));

    public static void Put(this ref XdrWriter reply, in StateId stateId)
    {
        var room = reply.Take(StateId.Size);
        if (!room.IsEmpty)
            stateId.Write(room);
    }

    /// <summary>May the current file be read or written under this stateid?</summary>
    public static nfsstat4 CheckIo(Compound compound, in StateId stateId, ShareAccess access) =>
        CheckIo(compound, compound.Resolve(stateId), compound.File.Key, access);

    /// <param name="stateId">As it is known to the state: not the one that stands for the current one.</param>
    /// <param name="file">The file that is meant, which COPY and CLONE have two of.</param>
    public static nfsstat4 CheckIo(Compound compound, in StateId stateId, in FileKey file, ShareAccess access)
    {
        var request = new IoRequest
        {
            Client = compound.Client,
            Server = compound.Rpc.LocalAddress,
            StateId = stateId,
            File = file,
            Access = access,
        };
        Nfs4Status status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.States.CheckIo(gate, request);
        compound.RunEffects();
        return status.ToNfs();
    }
}
