using System.Buffers.Binary;
using NfsdCtl.TestKit.Xdr;
using NfsdCtl.Wire.PortMap;

namespace NfsdCtl.Fuzz.Xdr;

/// <summary>Every type of every description that the server speaks, against valid, cut, damaged and random messages.</summary>
public sealed class GeneratedTypesFuzz
{
    private static readonly Dictionary<string, IReadOnlyDictionary<string, XdrCodec>> Codecs = new()
    {
        ["nfs3.x"] = XdrCodec.In(typeof(Protocols.Nfs3.nfs_fh3).Assembly, "NfsdCtl.Protocols.Nfs3"),
        ["mount.x"] = XdrCodec.In(typeof(Protocols.Mount.dirpathargs).Assembly, "NfsdCtl.Protocols.Mount"),
        ["nlm.x"] = XdrCodec.In(typeof(Protocols.Nlm.nlm_lock).Assembly, "NfsdCtl.Protocols.Nlm"),
        ["sm.x"] = XdrCodec.In(typeof(Protocols.Nsm.mon).Assembly, "NfsdCtl.Protocols.Nsm"),
        ["rpcbind.x"] = XdrCodec.In(typeof(rpcb).Assembly, "NfsdCtl.Wire.PortMap"),
    };

    private static IEnumerable<string> Files => Codecs.Keys;

    [TestCaseSource(nameof(Files))]
    public void Every_type_is_there(string file) => Assert.That(Codecs[file].Keys, Is.EquivalentTo(XdrDescription.Load(file).Records));

    /// <summary>Each cut of each type, and each word with a bound just over it: refused, not thrown.</summary>
    [TestCaseSource(nameof(Files))]
    public void Every_cut_and_every_bound_is_refused(string file)
    {
        var description = XdrDescription.Load(file);
        foreach (var (name, codec) in Codecs[file])
        {
            for (int seed = 0; seed < 6; seed++)
            {
                var sample = description.Sample(name, new Random(seed), longest: 24);
                for (int cut = 0; cut < sample.Bytes.Length; cut++)
                    Assert.That(codec.Read(sample.Bytes.AsSpan(0, cut), out _), Is.False, () => $"{name}, seed {seed}, cut at {cut}");
                foreach (var word in sample.Marks)
                    AssertBound(name, codec, sample, word);
            }
        }
    }

    [TestCaseSource(nameof(Files))]
    [Category("Fuzz")]
    public void Anything_is_read_or_refused(string file)
    {
        var description = XdrDescription.Load(file);
        var types = Codecs[file].ToArray();
        FuzzRun.For(random =>
        {
            var (name, codec) = types[random.Next(types.Length)];
            byte[] valid = description.Sample(name, random, longest: random.Next(8) == 0 ? 2048 : 40).Bytes;
            Assert.That(codec.RoundTrip(valid), Is.EqualTo(valid), name);
            for (int i = 0; i < 32; i++)
            {
                AssertSafe(name, codec, Mutator.Mutate(random, valid));
                AssertSafe(name, codec, Mutator.Bytes(random, 200));
            }
        });
    }

    private static void AssertBound(string name, XdrCodec codec, XdrSample sample, XdrMarkedWord word)
    {
        byte[] bytes = [.. sample.Bytes, .. new byte[4096]];
        long[] values = word.Mark switch
        {
            // The last ones: what a sum with the padding would wrap round.
            XdrMark.Length => [word.Limit + 1, 0x7FFF_FFFD, int.MaxValue, 0x8000_0000, uint.MaxValue],
            XdrMark.Bool => [2, uint.MaxValue],
            _ => [0x7FFF_0000, 0xFFFF_FFF0],
        };
        foreach (long value in values)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(word.Offset), (uint)value);
            Assert.That(codec.Read(bytes, out _), Is.False, () => $"{name}: {word.Mark} {value} at {word.Offset}, limit {word.Limit}");
        }
    }

    /// <summary>No exception, no allocation, and what was accepted is written as an equal message.</summary>
    private static void AssertSafe(string name, XdrCodec codec, byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool valid = codec.Read(bytes, out int length);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated != 0)
            Assert.Fail($"{name} allocated {allocated} bytes while it read {Convert.ToHexString(bytes)}");
        if (!valid)
            return;
        byte[] written = codec.RoundTrip(bytes)!;
        Assert.That(written, Has.Length.EqualTo(length), name);
        Assert.That(codec.RoundTrip(written), Is.EqualTo(written), name);
    }
}
