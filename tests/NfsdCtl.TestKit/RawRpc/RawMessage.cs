using System.Buffers.Binary;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.RawRpc;

/// <summary>Calls and replies of RFC 5531 as bytes, made by hand.</summary>
public static class RawMessage
{
    /// <summary>A call with AUTH_NONE.</summary>
    public static byte[] Call(uint xid, uint procedure, ReadOnlySpan<byte> arguments = default, uint version = 1, uint program = ToyProgram.Id) =>
        [.. Words(xid, 0, 2, program, version, procedure, 0, 0, 0, 0), .. arguments];

    /// <summary>A call with a credential and verifier of one's own.</summary>
    public static byte[] CallWith(uint xid, uint procedure, uint flavor, ReadOnlySpan<byte> credential, ReadOnlySpan<byte> verifier) =>
        [.. Words(xid, 0, 2, ToyProgram.Id, 1, procedure, flavor, (uint)credential.Length), .. credential, .. verifier];

    public static byte[] AuthSys(ReadOnlySpan<byte> machine, uint uid, uint gid, params uint[] groups)
    {
        var w = new XdrWriter(new byte[2048]);
        w.U32(12345);
        w.Opaque(machine);
        w.U32(uid);
        w.U32(gid);
        w.U32((uint)groups.Length);
        foreach (uint g in groups)
            w.U32(g);
        return w.Written.ToArray();
    }

    public static byte[] Opaque(ReadOnlySpan<byte> data)
    {
        var w = new XdrWriter(new byte[data.Length + 8]);
        w.Opaque(data);
        return w.Written.ToArray();
    }

    public static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[4 * words.Length];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), words[i]);
        return bytes;
    }

    /// <summary>A record of one fragment.</summary>
    public static byte[] Record(ReadOnlySpan<byte> message) => [.. Words(0x8000_0000 | (uint)message.Length), .. message];

    /// <summary>A record in the given fragments, each of the length that is given; the rest goes into the last.</summary>
    public static byte[] Fragments(ReadOnlySpan<byte> message, params int[] lengths)
    {
        var bytes = new List<byte>();
        foreach (int length in lengths)
        {
            bytes.AddRange([.. Words((uint)length), .. message[..length]]);
            message = message[length..];
        }
        bytes.AddRange(Record(message));
        return [.. bytes];
    }

    /// <summary>The status and result of an accepted reply.</summary>
    public static (uint Xid, AcceptStatus Status, byte[] Result) Accepted(ReadOnlySpan<byte> reply)
    {
        var r = new XdrReader(reply);
        uint xid = r.U32();
        if (r.U32() != 1 || r.U32() != 0 || r.U32() != 0 || r.U32() != 0)
            throw new InvalidDataException("not an accepted reply with an AUTH_NONE verifier");
        var status = (AcceptStatus)r.U32();
        return r.Failed ? throw new InvalidDataException("short reply") : (xid, status, r.Rest.ToArray());
    }
}
