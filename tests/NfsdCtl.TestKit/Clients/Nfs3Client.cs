using System.Net;
using System.Text;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Clients;

/// <summary>The server said no: an nfsstat3 or mountstat3.</summary>
public sealed class NfsException(string procedure, uint status) : Exception($"{procedure}: status {status}")
{
    public uint Status { get; } = status;
}

/// <summary>What a WRITE or COMMIT promised (RFC 1813 §3.3.7): how stable, and the verifier of this life of the server.</summary>
public readonly record struct Written(uint Committed, ulong Verifier);

/// <summary>The few NFSv3 procedures that simulated clients need, as a hard mount does them. Not safe for use by several threads.</summary>
public sealed class Nfs3Client(IPAddress server, IPAddress? from = null, int port = 2049) : IDisposable
{
    public const uint Unstable = 0;
    public const uint FileSync = 2;
    private const uint Program = 100003;
    private const uint MountProgram = 100005;
    private readonly RpcClient rpc = new(() => new IPEndPoint(server, port), Program, 3, from);

    public IPAddress Server => server;

    /// <summary>The root handle of an export, from the server's mountd as its portmapper says.</summary>
    public byte[] Mount(string export)
    {
        using var mount = new RpcClient(() => Portmapper.Find(server, MountProgram, 3, from), MountProgram, 3, from);
        return mount.Call(1, (ref w) => w.Opaque(Encoding.UTF8.GetBytes(export)), (ref r) => Ok(ref r, "MNT") ? r.Opaque(64).ToArray() : []);
    }

    /// <summary>Opens or makes a file (UNCHECKED), and gives its handle.</summary>
    public byte[] Create(byte[] directory, string name) => rpc.Call(8, (ref w) =>
    {
        Name(ref w, directory, name);
        foreach (var word in (ReadOnlySpan<uint>)[0, 1, 0x1B6, 0, 0, 0, 0, 0])
            w.U32(word);
    }, (ref r) => Ok(ref r, "CREATE") && r.Bool() ? r.Opaque(64).ToArray() : throw new RpcException("CREATE gave no handle"));

    public byte[] Lookup(byte[] directory, string name) =>
        rpc.Call(3, (ref w) => Name(ref w, directory, name), (ref r) => Ok(ref r, "LOOKUP") ? r.Opaque(64).ToArray() : []);

    /// <summary>The size of the file, in bytes.</summary>
    public ulong GetAttr(byte[] file) => rpc.Call(1, (ref w) => w.Opaque(file), (ref r) =>
    {
        Ok(ref r, "GETATTR");
        r.Fixed(20);
        return r.U64();
    });

    public Written Write(byte[] file, ulong offset, byte[] data, uint stable) => rpc.Call(7, (ref w) =>
    {
        w.Opaque(file);
        w.U64(offset);
        w.U32((uint)data.Length);
        w.U32(stable);
        w.Opaque(data);
    }, (ref r) =>
    {
        Ok(ref r, "WRITE");
        SkipWcc(ref r);
        var count = r.U32();
        return count == data.Length ? new Written(r.U32(), r.U64()) : throw new RpcException($"WRITE of {data.Length} bytes took {count}");
    });

    public Written Commit(byte[] file) => rpc.Call(21, (ref w) =>
    {
        w.Opaque(file);
        w.U64(0);
        w.U32(0);
    }, (ref r) =>
    {
        Ok(ref r, "COMMIT");
        SkipWcc(ref r);
        return new Written(FileSync, r.U64());
    });

    public byte[] Read(byte[] file, ulong offset, int count) => rpc.Call(6, (ref w) =>
    {
        w.Opaque(file);
        w.U64(offset);
        w.U32((uint)count);
    }, (ref r) =>
    {
        Ok(ref r, "READ");
        SkipAttributes(ref r);
        r.U32();
        r.U32();
        return r.Opaque(count).ToArray();
    });

    /// <summary>Removes a name. That it is gone already is no error: a retry after a restart finds it so.</summary>
    public void Remove(byte[] directory, string name) => rpc.Call(12, (ref w) => Name(ref w, directory, name), (ref r) =>
    {
        var status = r.U32();
        return status is 0 or 2 ? status : throw new NfsException("REMOVE", status);
    });

    private static bool Ok(ref XdrReader reader, string procedure)
    {
        var status = reader.U32();
        return status == 0 ? true : throw new NfsException(procedure, status);
    }

    private static void Name(ref XdrWriter writer, byte[] directory, string name)
    {
        writer.Opaque(directory);
        writer.Opaque(Encoding.UTF8.GetBytes(name));
    }

    private static void SkipAttributes(ref XdrReader reader)
    {
        if (reader.Bool())
            reader.Fixed(84);
    }

    private static void SkipWcc(ref XdrReader reader)
    {
        if (reader.Bool())
            reader.Fixed(24);
        SkipAttributes(ref reader);
    }

    public void Dispose() => rpc.Dispose();
}
