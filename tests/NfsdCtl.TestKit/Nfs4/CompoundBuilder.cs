using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Nfs4;

/// <summary>Writes the arguments of one operation behind its number.</summary>
public delegate void OperationArguments(ref XdrWriter writer);

/// <summary>A COMPOUND as a test makes it up: any numbers, any arguments, any count.</summary>
public sealed class CompoundBuilder(uint minorVersion, string tag = "")
{
    private readonly List<byte[]> operations = [];

    /// <summary>What is said to be the number of operations; the true one when null.</summary>
    public uint? Count { get; set; }

    public CompoundBuilder Add(nfs_opnum4 number, OperationArguments? arguments = null) => Add((uint)number, arguments);

    public CompoundBuilder Add(uint number, OperationArguments? arguments = null)
    {
        var writer = new XdrWriter(new byte[1 << 16]);
        writer.U32(number);
        arguments?.Invoke(ref writer);
        operations.Add(writer.Written.ToArray());
        return this;
    }

    /// <summary>The arguments of the procedure COMPOUND.</summary>
    public byte[] ToArray()
    {
        var writer = new XdrWriter(new byte[1 << 17]);
        writer.Opaque(System.Text.Encoding.UTF8.GetBytes(tag));
        writer.U32(minorVersion);
        writer.U32(Count ?? (uint)operations.Count);
        foreach (byte[] operation in operations)
            writer.Fixed(operation);
        return writer.Written.ToArray();
    }

    public CompoundResult Send(IRpcChannel channel) => CompoundResult.Of(channel, ToArray());
}

/// <summary>
/// The head of a COMPOUND result, and what is behind it: the results one after the other, each a number, a status and a body, whose lengths only
/// the operations tell.
/// </summary>
/// <param name="Status">Of the last operation that was executed.</param>
/// <param name="Count">The number of results.</param>
/// <param name="Body">From the first result's number on.</param>
public sealed record CompoundResult(nfsstat4 Status, string Tag, uint Count, byte[] Body)
{
    public static CompoundResult Of(IRpcChannel channel, ReadOnlySpan<byte> arguments)
    {
        var answer = channel.Call(NFS4_PROGRAM.Number, NFS4_PROGRAM.NFS_V4.Number, NFS4_PROGRAM.NFS_V4.NFSPROC4_COMPOUND, arguments);
        if (answer.Status != AcceptStatus.Success)
            throw new RpcCallException(answer.Status);
        var reader = new XdrReader(answer.Result);
        var status = (nfsstat4)reader.U32();
        string tag = System.Text.Encoding.UTF8.GetString(reader.Opaque(int.MaxValue));
        uint count = reader.U32();
        if (reader.Failed)
            throw new InvalidDataException("the head of the result cannot be decoded");
        return new CompoundResult(status, tag, count, reader.Rest.ToArray());
    }

    /// <summary>The number and the status of the last result, where it has no body.</summary>
    public (uint Number, nfsstat4 Status) Last
    {
        get
        {
            var reader = new XdrReader(Body.AsSpan(Math.Max(0, Body.Length - 8)));
            return (reader.U32(), (nfsstat4)reader.U32());
        }
    }

    public XdrReader Reader => new(Body);

    /// <exception cref="InvalidOperationException">The status is not NFS4_OK.</exception>
    public CompoundResult OrThrow() => Status == nfsstat4.NFS4_OK ? this : throw new InvalidOperationException($"{Status} after {Count} operations");
}
