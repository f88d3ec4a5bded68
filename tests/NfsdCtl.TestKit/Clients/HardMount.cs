using System.Net;
using System.Text;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Rpc;

namespace NfsdCtl.TestKit.Clients;

/// <summary>The server refused what a trial relies on.</summary>
public sealed class NfsException(string procedure, nfsstat3 status) : Exception($"{procedure}: {status}")
{
    public nfsstat3 Status { get; } = status;
}

/// <summary>
/// An export as a machine mounts it "hard": calls are repeated over new connections until they are answered, through restarts and
/// moves of the server. What is refused is an exception. Not safe for use by several threads.
/// </summary>
/// <param name="from">The machine's own address, where it has several.</param>
public sealed class HardMount(IPAddress server, IPAddress? from = null) : IDisposable
{
    private const uint MountProgram = 100005;
    private const int NfsPort = 2049;
    private readonly RpcClient rpc = new(() => new IPEndPoint(server, NfsPort), 100003, 3, from);
    private Nfs3Client? client;

    private Nfs3Client Client => client ??= new(rpc);

    /// <summary>The root handle of an export, from the server's mountd as its portmapper says.</summary>
    public byte[] Root(string export)
    {
        using var mount = new RpcClient(() => Portmapper.Find(server, MountProgram, 3, from), MountProgram, 3, from);
        return mount.Call(1, (ref w) => w.Opaque(Encoding.UTF8.GetBytes(export)), (ref r) => r.U32() is var status and not 0
            ? throw new NfsException("MNT", (nfsstat3)status)
            : r.Opaque(64).ToArray());
    }

    /// <summary>Opens or makes a file (UNCHECKED), for everybody to read and write, and gives its handle.</summary>
    public byte[] Create(byte[] directory, string name)
    {
        var made = Client.Create(directory, name, set: Nfs3Client.Set(mode: 0x1B6));
        Check("CREATE", made.Status);
        return made.Handle;
    }

    public void GetAttr(byte[] file) => Check("GETATTR", Client.GetAttr(file).Status);

    public WriteResult Write(byte[] file, ulong offset, byte[] data, stable_how stable)
    {
        var written = Client.Write(file, offset, data, stable);
        Check("WRITE", written.Status);
        return written.Count == data.Length ? written : throw new RpcException($"WRITE of {data.Length} bytes took {written.Count}");
    }

    /// <summary>The write verifier of the life of the server in which everything before was made stable (RFC 1813 §3.3.21).</summary>
    public ulong Commit(byte[] file)
    {
        var done = Client.Commit(file);
        Check("COMMIT", done.Status);
        return done.Verifier;
    }

    public byte[] Read(byte[] file, ulong offset, uint count)
    {
        var read = Client.Read(file, offset, count);
        Check("READ", read.Status);
        return read.Data;
    }

    private static void Check(string procedure, nfsstat3 status)
    {
        if (status != nfsstat3.NFS3_OK)
            throw new NfsException(procedure, status);
    }

    public void Dispose() => rpc.Dispose();
}
