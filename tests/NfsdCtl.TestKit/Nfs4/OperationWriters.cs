using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.TestKit.Nfs4;

/// <summary>Operations as tests send them.</summary>
public static class OperationWriters
{
    public static CompoundBuilder PutFh(this CompoundBuilder compound, byte[] handle) =>
        compound.Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(handle));

    public static CompoundBuilder Lookup(this CompoundBuilder compound, string name) =>
        compound.Add(OP_LOOKUP, (ref XdrWriter w) => w.Opaque(Encoding.UTF8.GetBytes(name)));

    public static CompoundBuilder Remove(this CompoundBuilder compound, string name) =>
        compound.Add(OP_REMOVE, (ref XdrWriter w) => w.Opaque(Encoding.UTF8.GetBytes(name)));

    public static CompoundBuilder GetAttr(this CompoundBuilder compound, params int[] attributes) =>
        compound.Add(OP_GETATTR, (ref XdrWriter w) => WriteBitmap(attributes, ref w));

    /// <summary>An OPEN of a name, which makes the file as <paramref name="mode"/> says, or not when it is null.</summary>
    public static CompoundBuilder Open(
        this CompoundBuilder compound, string owner, string name, uint access = 3, uint deny = 0, createmode4? mode = null, ulong verifier = 0, uint seqid = 0, ulong clientId = 0) =>
        compound.Add(OP_OPEN, (ref XdrWriter w) => WriteOpen(ref w, owner, name, access, deny, mode, verifier, seqid, clientId));

    /// <summary>The arguments of <see cref="Open"/>.</summary>
    public static void WriteOpen(
        ref XdrWriter w, string owner, string name, uint access, uint deny, createmode4? mode, ulong verifier = 0, uint seqid = 0, ulong clientId = 0)
    {
        w.U32(seqid);
        w.U32(access);
        w.U32(deny);
        w.U64(clientId);
        w.Opaque(Encoding.UTF8.GetBytes(owner));
        w.U32(mode is null ? 0u : 1);
        if (mode is { } how)
            WriteHow(how, verifier, ref w);
        w.U32((uint)open_claim_type4.CLAIM_NULL);
        w.Opaque(Encoding.UTF8.GetBytes(name));
    }

    public static CompoundBuilder Close(this CompoundBuilder compound, StateId stateId) => compound.Add(OP_CLOSE, (ref XdrWriter w) =>
    {
        w.U32(0);
        stateId.Write(w.Take(StateId.Size));
    });

    public static CompoundBuilder Read(this CompoundBuilder compound, StateId stateId, ulong offset, uint count) => compound.Add(OP_READ, (ref XdrWriter w) =>
    {
        stateId.Write(w.Take(StateId.Size));
        w.U64(offset);
        w.U32(count);
    });

    public static CompoundBuilder Write(this CompoundBuilder compound, StateId stateId, ulong offset, byte[] data) => compound.Add(OP_WRITE, (ref XdrWriter w) =>
    {
        stateId.Write(w.Take(StateId.Size));
        w.U64(offset);
        w.U32((uint)stable_how4.UNSTABLE4);
        w.Opaque(data);
    });

    /// <summary>A new lock owner's lock under an open.</summary>
    public static CompoundBuilder Lock(this CompoundBuilder compound, string owner, StateId open, ulong offset, ulong length) => compound.Add(OP_LOCK, (ref XdrWriter w) =>
    {
        w.U32((uint)nfs_lock_type4.WRITE_LT);
        w.Bool(false);
        w.U64(offset);
        w.U64(length);
        w.Bool(true);
        w.U32(0);
        open.Write(w.Take(StateId.Size));
        w.U32(0);
        w.U64(0);
        w.Opaque(Encoding.UTF8.GetBytes(owner));
    });

    public static CompoundBuilder LockU(this CompoundBuilder compound, StateId stateId, ulong offset, ulong length) => compound.Add(OP_LOCKU, (ref XdrWriter w) =>
    {
        w.U32((uint)nfs_lock_type4.WRITE_LT);
        w.U32(0);
        stateId.Write(w.Take(StateId.Size));
        w.U64(offset);
        w.U64(length);
    });

    public static void WriteBitmap(scoped ReadOnlySpan<int> attributes, ref XdrWriter w)
    {
        Span<uint> words = stackalloc uint[3];
        foreach (int attribute in attributes)
            words[attribute / 32] |= 1u << attribute % 32;
        w.U32(3);
        foreach (uint word in words)
            w.U32(word);
    }

    private static void WriteHow(createmode4 how, ulong verifier, ref XdrWriter w)
    {
        w.U32((uint)how);
        if (how is createmode4.EXCLUSIVE4 or createmode4.EXCLUSIVE4_1)
            w.U64(verifier);
        if (how == createmode4.EXCLUSIVE4)
            return;
        WriteBitmap([Nfs4Constants.FATTR4_MODE], ref w);
        w.U32(4);
        w.U32(0x1A4);
    }
}
