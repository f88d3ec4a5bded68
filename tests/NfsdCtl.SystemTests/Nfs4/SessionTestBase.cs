using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>Reads what an operation answered.</summary>
public delegate T ResultReader<out T>(ref XdrReader result);

/// <summary>Compounds of minor version 2 over a session, for operations on files.</summary>
public abstract class SessionTestBase : Nfs4TestBase
{
    /// <summary>Number, status and body of SEQUENCE.</summary>
    private const int SequenceResult = 8 + 36;
    private const int PlainResult = 8;

    private byte[] session = [];
    private uint sequence;

    [SetUp]
    public void MakeSession()
    {
        var made = new CompoundBuilder(2).Add(OP_EXCHANGE_ID, (ref XdrWriter w) => OperationSamples.ExchangeId("attributes", ref w)).Send(Server.Channel).Reader;
        made.Fixed(8);
        ulong clientId = made.U64();
        uint first = made.U32();
        var created = new CompoundBuilder(2).Add(OP_CREATE_SESSION, (ref XdrWriter w) => OperationSamples.CreateSession(clientId, first, ref w)).Send(Server.Channel);
        Assert.That(created.Status, Is.EqualTo(Ok));
        session = created.Body[8..24];
        sequence = 0;
        Assert.That(Send(OP_RECLAIM_COMPLETE, (ref XdrWriter w) => w.Bool(false), out _, new CompoundBuilder(2).Add(OP_SEQUENCE, Next())), Is.EqualTo(Ok));
    }

    private protected OperationArguments Next() => OperationSamples.SequenceOf(session, ++sequence);

    /// <summary>One operation on a file. The body of its result is what is behind number and status.</summary>
    private protected nfsstat4 On(byte[] handle, nfs_opnum4 operation, OperationArguments? arguments, out byte[] body)
    {
        var builder = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(handle));
        return Send(operation, arguments, out body, builder, PlainResult);
    }

    /// <summary>One operation on two files: the saved one, and the current one.</summary>
    private protected nfsstat4 On(byte[] saved, byte[] current, nfs_opnum4 operation, OperationArguments? arguments, out byte[] body)
    {
        var builder = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(saved)).Add(OP_SAVEFH)
            .Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(current));
        return Send(operation, arguments, out body, builder, 3 * PlainResult);
    }

    private nfsstat4 Send(nfs_opnum4 operation, OperationArguments? arguments, out byte[] body, CompoundBuilder builder, int before = 0)
    {
        var result = builder.Add(operation, arguments).Send(Server.Channel);
        int at = SequenceResult + before + PlainResult;
        body = result.Body.Length > at ? result.Body[at..] : [];
        return result.Status;
    }

    /// <summary>PUTROOTFH, LOOKUP of each name, GETFH.</summary>
    private protected nfsstat4 Walk(out byte[] handle, params string[] names)
    {
        var builder = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).Add(OP_PUTROOTFH);
        foreach (string name in names)
            builder.Add(OP_LOOKUP, (ref XdrWriter w) => w.Opaque(Encoding.UTF8.GetBytes(name)));
        var status = Send(OP_GETFH, null, out byte[] body, builder, (1 + names.Length) * PlainResult);
        var reader = new XdrReader(body);
        handle = status == Ok ? reader.Opaque(128).ToArray() : [];
        return status;
    }

    /// <summary>A file in the exported directory, with content.</summary>
    private protected byte[] MakeFile(string name, string content = "", uint mode = 0x1A4)
    {
        string path = Path.Combine(ExportPath, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, (UnixFileMode)mode);
        return Lookup(name);
    }

    private protected byte[] Lookup(string name)
    {
        var builder = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(Root))
            .Add(OP_LOOKUP, (ref XdrWriter w) => w.Opaque(Encoding.UTF8.GetBytes(name)));
        Assert.That(Send(OP_GETFH, null, out byte[] body, builder, 2 * PlainResult), Is.EqualTo(Ok), name);
        var reader = new XdrReader(body);
        return reader.Opaque(128).ToArray();
    }

    /// <summary>GETATTR of one attribute; its value, or null when it is not supported.</summary>
    private protected byte[]? Get(byte[] handle, long attribute)
    {
        Assert.That(On(handle, OP_GETATTR, (ref XdrWriter w) => AttributeSet.Of((int)attribute).Write(ref w), out byte[] body), Is.EqualTo(Ok));
        return ValueOf(body);
    }

    private protected static byte[]? ValueOf(byte[] fattr)
    {
        var reader = new XdrReader(fattr);
        var set = AttributeSet.Read(ref reader);
        byte[] value = reader.Opaque(int.MaxValue).ToArray();
        Assert.That(reader.Failed, Is.False);
        return set.IsEmpty ? null : value;
    }

    private protected T Get<T>(byte[] handle, long attribute, ResultReader<T> read)
    {
        byte[] value = Get(handle, attribute) ?? throw new InvalidOperationException($"attribute {attribute} is not supported");
        var reader = new XdrReader(value);
        var result = read(ref reader);
        Assert.That((reader.Failed, reader.Remaining), Is.EqualTo((false, 0)), $"attribute {attribute}");
        return result;
    }

    /// <summary>SETATTR of one attribute.</summary>
    private protected nfsstat4 Set(byte[] handle, long attribute, OperationArguments value) =>
        On(handle, OP_SETATTR, (ref XdrWriter w) => { w.Fixed(new byte[16]); Fattr(attribute, value, ref w); }, out _);

    private protected static void Fattr(long attribute, OperationArguments value, ref XdrWriter w)
    {
        var values = new XdrWriter(new byte[1 << 15]);
        value(ref values);
        AttributeSet.Of((int)attribute).Write(ref w);
        w.Opaque(values.Written);
    }
}
