using BenchmarkDotNet.Attributes;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Benchmarks.Wire;

/// <summary>The codec alone: generated readers and writers of NFSv3, and a whole call without a socket.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private readonly byte[] buffer = new byte[256];
    private readonly InMemoryTransport transport = new((_, _) => { }, new NullProgram());
    private byte[] lookup = [];
    private byte[] attributes = [];
    private byte[] nullCall = [];
    private fattr3 sample;

    [GlobalSetup]
    public void Setup()
    {
        var writer = new XdrWriter(new byte[256]);
        writer.Opaque(new byte[44]);
        writer.Opaque("a-file-name.txt"u8);
        lookup = writer.Written.ToArray();
        sample = new fattr3 { type = ftype3.NF3REG, mode = 0x1A4, nlink = 1, size = 1 << 20, used = 1 << 20, fileid = 4711 };
        attributes = Encoded();
        writer = new XdrWriter(new byte[64]);
        foreach (uint word in (ReadOnlySpan<uint>)[1, 0, 2, NullProgram.Id, 1, 0, 0, 0, 0, 0])
            writer.U32(word);
        nullCall = writer.Written.ToArray();
    }

    [Benchmark(Description = "LOOKUP3args, read")]
    public int ReadLookup()
    {
        var reader = new XdrReader(lookup);
        return LOOKUP3args.Read(ref reader, out var arguments) ? arguments.what.name.Length : throw new InvalidDataException();
    }

    [Benchmark(Description = "fattr3, write")]
    public int WriteAttributes()
    {
        var writer = new XdrWriter(buffer);
        sample.Write(ref writer);
        return writer.Position;
    }

    [Benchmark(Description = "fattr3, read")]
    public ulong ReadAttributes()
    {
        var reader = new XdrReader(attributes);
        return fattr3.Read(ref reader, out var read) ? read.size : throw new InvalidDataException();
    }

    [Benchmark(Description = "NULL call and reply, no socket")]
    public int Null() => transport.Execute(nullCall).Length;

    private byte[] Encoded()
    {
        var writer = new XdrWriter(new byte[256]);
        sample.Write(ref writer);
        return writer.Written.ToArray();
    }

    private sealed class NullProgram() : RpcProgram("null", Id, 1)
    {
        public const uint Id = 0x2000_0002;

        public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply) => AcceptStatus.Success;
    }
}
