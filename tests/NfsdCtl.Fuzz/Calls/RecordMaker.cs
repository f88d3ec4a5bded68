using System.Buffers.Binary;
using NfsdCtl.TestKit.Xdr;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>Makes RPC call records (RFC 5531 §9): heads with any credential, and arguments from the descriptions.</summary>
internal sealed class RecordMaker(string file, IReadOnlyList<byte[]> handles)
{
    private readonly XdrDescription description = XdrDescription.Load(file);

    public IEnumerable<(uint Program, uint Version, uint Procedure)> Procedures =>
        description.Procedures.Select(item => (item.Program, item.Version, item.Procedure));

    /// <summary>A valid call of a random procedure.</summary>
    public byte[] Valid(Random random)
    {
        var all = description.Procedures.ToArray();
        var (program, version, procedure, signature) = all[random.Next(all.Length)];
        return [.. Head(random, program, version, procedure), .. Arguments(random, signature)];
    }

    /// <summary>A valid call of one procedure.</summary>
    public byte[] Valid(Random random, uint version, uint procedure)
    {
        var (program, _, _, signature) = description.Procedures.Single(item => item.Version == version && item.Procedure == procedure);
        return [.. Head(random, program, version, procedure), .. Arguments(random, signature)];
    }

    /// <summary>A call whose numbers, credential or arguments may be anything.</summary>
    public byte[] Odd(Random random)
    {
        var all = description.Procedures.ToArray();
        var (program, version, procedure, _) = all[random.Next(all.Length)];
        return random.Next(4) switch
        {
            0 => [.. Head(random, program, version, (uint)random.Next(40)), .. Mutator.Bytes(random, 200)],
            1 => [.. Head(random, program, (uint)random.Next(6), procedure), .. Mutator.Bytes(random, 200)],
            2 => [.. Head(random, (uint)random.Next(), version, procedure), .. Mutator.Bytes(random, 60)],
            _ => Mutator.Mutate(random, Valid(random)),
        };
    }

    /// <summary>xid, CALL, version 2, numbers, AUTH_SYS (as root, mostly) or AUTH_NONE, an AUTH_NONE verifier.</summary>
    public static byte[] Head(Random random, uint program, uint version, uint procedure)
    {
        var writer = new XdrWriter(new byte[512]);
        writer.U32((uint)random.Next());
        writer.U32(0);
        writer.U32(2);
        writer.U32(program);
        writer.U32(version);
        writer.U32(procedure);
        if (random.Next(8) == 0)
        {
            writer.U64(0);
        }
        else
        {
            int groups = random.Next(17);
            writer.U32(1);
            writer.U32((uint)(4 + 4 + 8 + 8 + 4 + 4 * groups));
            writer.U32(0);
            writer.Opaque("fuzztest"u8);
            writer.U32(random.Next(4) == 0 ? 1001u : 0);
            writer.U32(0);
            writer.U32((uint)groups);
            for (int i = 0; i < groups; i++)
                writer.U32((uint)random.Next(3000));
        }
        writer.U64(0);
        return writer.Written.ToArray();
    }

    /// <summary>What stands between the parentheses of a signature, encoded.</summary>
    private byte[] Arguments(Random random, string signature)
    {
        string type = signature[(signature.IndexOf('(', StringComparison.Ordinal) + 1)..^1];
        if (type == "void")
            return [];
        if (description.Records.Contains(type))
            return description.Sample(type, random, longest: 40, handles).Bytes;
        // A string as argument: the MOUNT and rpcbind programs' paths and addresses.
        byte[] text = random.Next(3) == 0 ? Mutator.Bytes(random, 1100) : "/srv/export"u8.ToArray();
        var writer = new XdrWriter(new byte[text.Length + 8]);
        writer.Opaque(text);
        return writer.Written.ToArray();
    }

    /// <summary>Fails when a reply is none that RFC 5531 §9 knows.</summary>
    public static void AssertReply(ReadOnlySpan<byte> record, ReadOnlySpan<byte> reply)
    {
        if (reply.IsEmpty)
            return;
        var reader = new XdrReader(reply);
        Assert.That(reader.U32(), Is.EqualTo(BinaryPrimitives.ReadUInt32BigEndian(record)), "xid");
        Assert.That(reader.U32(), Is.EqualTo(1u), "REPLY");
        if (reader.U32() == 1)
        {
            uint why = reader.U32();
            Assert.That(why, Is.LessThanOrEqualTo(1u), "reject_stat");
            Assert.That(reader.U32(), why == 0 ? Is.EqualTo(2u) : Is.InRange(1u, 14u), "versions or auth_stat");
            return;
        }
        Assert.That(reader.U64(), Is.Zero, "verifier");
        uint status = reader.U32();
        Assert.That(status, Is.LessThanOrEqualTo(4u), "accept_stat; 5 is SYSTEM_ERR, which only a bug gives");
        if (status == 2)
        {
            uint low = reader.U32();
            Assert.That(reader.U32(), Is.GreaterThanOrEqualTo(low), "high and low");
        }
        if (status is 1 or 3 or 4)
            Assert.That(reader.Remaining, Is.Zero, "nothing follows");
        Assert.That(reader.Failed, Is.False, "the reply is whole");
    }
}
