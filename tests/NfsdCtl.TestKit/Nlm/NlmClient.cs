using System.Text;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Nlm;

/// <summary>A byte range of a file for one lock owner. Length 0: to the end.</summary>
public sealed record NlmLock(byte[] File, int Svid = 1, ulong Offset = 0, ulong Length = 0)
{
    public byte[] Owner { get; init; } = [1, 2, 3];

    public bool Exclusive { get; init; } = true;

    public bool Block { get; init; }

    public bool Reclaim { get; init; }

    public int State { get; init; } = 3;
}

/// <summary>What TEST found in the way.</summary>
public sealed record NlmHolder(bool Exclusive, int Svid, byte[] Owner, ulong Offset, ulong Length);

/// <summary>A client of the lock manager, of one version, that encodes and decodes by itself.</summary>
public sealed class NlmClient(IRpcChannel channel, uint version = 4)
{
    public const uint Program = 100021;

    public byte[] Cookie { get; set; } = [0xC0, 0x0C, 0x1E];

    public string CallerName { get; set; } = "client.example";

    public uint Version => version;

    /// <summary>The status of version 4 for what came; versions 1 and 3 have the first five of them.</summary>
    public nlm4_stats Lock(NlmLock l) => Status(2, LockArguments(l));

    public nlm4_stats NmLock(NlmLock l) => Status(22, LockArguments(l));

    public nlm4_stats Cancel(NlmLock l) => Status(3, CancelArguments(l));

    public nlm4_stats Unlock(NlmLock l) => Status(4, UnlockArguments(l));

    public (nlm4_stats Status, NlmHolder? Holder) Test(NlmLock l)
    {
        var r = new XdrReader(Call(1, TestArguments(l)));
        CheckCookie(ref r);
        return ReadTest(ref r);
    }

    public nlm4_stats Share(byte[] file, fsh_mode mode, fsh_access access, bool reclaim = false, byte[]? owner = null) =>
        Status(20, ShareArguments(file, mode, access, reclaim, owner), sequence: true);

    public nlm4_stats Unshare(byte[] file, byte[]? owner = null) =>
        Status(21, ShareArguments(file, 0, 0, false, owner), sequence: true);

    public void FreeAll(int state = 5) => Call(23, Encode((ref w) =>
    {
        w.Opaque(Encoding.UTF8.GetBytes(CallerName));
        w.I32(state);
    }));

    /// <summary>Any procedure; the answer is checked for success.</summary>
    public byte[] Call(uint procedure, byte[] arguments)
    {
        var answer = channel.Call(Program, version, procedure, arguments);
        return answer.Status == AcceptStatus.Success ? answer.Result : throw new RpcCallException(answer.Status);
    }

    public AcceptStatus Outcome(uint procedure, byte[] arguments) => channel.Call(Program, version, procedure, arguments).Status;

    public byte[] LockArguments(NlmLock l) => Encode((ref w) =>
    {
        w.Opaque(Cookie);
        w.Bool(l.Block);
        w.Bool(l.Exclusive);
        Put(ref w, l);
        w.Bool(l.Reclaim);
        w.I32(l.State);
    });

    public byte[] CancelArguments(NlmLock l) => Encode((ref w) =>
    {
        w.Opaque(Cookie);
        w.Bool(l.Block);
        w.Bool(l.Exclusive);
        Put(ref w, l);
    });

    public byte[] UnlockArguments(NlmLock l) => Encode((ref w) =>
    {
        w.Opaque(Cookie);
        Put(ref w, l);
    });

    public byte[] TestArguments(NlmLock l) => Encode((ref w) =>
    {
        w.Opaque(Cookie);
        w.Bool(l.Exclusive);
        Put(ref w, l);
    });

    public byte[] ShareArguments(byte[] file, fsh_mode mode, fsh_access access, bool reclaim, byte[]? owner) => Encode((ref w) =>
    {
        w.Opaque(Cookie);
        w.Opaque(Encoding.UTF8.GetBytes(CallerName));
        w.Opaque(file);
        w.Opaque(owner ?? [1, 2, 3]);
        w.U32((uint)mode);
        w.U32((uint)access);
        w.Bool(reclaim);
    });

    /// <summary>nlm_res with a cookie of choice: what GRANTED_RES carries.</summary>
    public static byte[] Result(byte[] cookie, nlm4_stats status) => Encode((ref w) =>
    {
        w.Opaque(cookie);
        w.U32((uint)status);
    });

    /// <summary>Reads nlm_testres behind its cookie.</summary>
    public (nlm4_stats Status, NlmHolder? Holder) ReadTest(ref XdrReader r)
    {
        var status = (nlm4_stats)r.U32();
        NlmHolder? holder = null;
        if (status == nlm4_stats.NLM4_DENIED)
            holder = new NlmHolder(r.Bool(), r.I32(), r.Opaque(1024).ToArray(), Offset(ref r), Offset(ref r));
        CheckEnd(ref r);
        return (status, holder);
    }

    private nlm4_stats Status(uint procedure, byte[] arguments, bool sequence = false)
    {
        var r = new XdrReader(Call(procedure, arguments));
        CheckCookie(ref r);
        var status = (nlm4_stats)r.U32();
        if (sequence)
            r.I32();
        CheckEnd(ref r);
        return status;
    }

    private void Put(ref XdrWriter w, NlmLock l)
    {
        w.Opaque(Encoding.UTF8.GetBytes(CallerName));
        w.Opaque(l.File);
        w.Opaque(l.Owner);
        w.I32(l.Svid);
        if (version == 4)
        {
            w.U64(l.Offset);
            w.U64(l.Length);
            return;
        }
        w.U32((uint)l.Offset);
        w.U32((uint)l.Length);
    }

    private ulong Offset(ref XdrReader r) => version == 4 ? r.U64() : r.U32();

    private void CheckCookie(ref XdrReader r)
    {
        if (!r.Opaque(1024).SequenceEqual(Cookie))
            throw new InvalidDataException("the reply carries another cookie");
    }

    private static void CheckEnd(ref XdrReader r)
    {
        if (r.Failed || r.Remaining != 0)
            throw new InvalidDataException("the reply has another length than its status says");
    }

    private delegate void Encoder(ref XdrWriter w);

    private static byte[] Encode(Encoder encode)
    {
        var w = new XdrWriter(new byte[8192]);
        encode(ref w);
        return w.Written.ToArray();
    }
}
