using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>RFC 1813 §5.2.2: the mount list, oldest first, as far as the transport carries it.</summary>
internal static class Dump
{
    public static AcceptStatus Execute(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        foreach (var mount in program.Mounts.Snapshot())
        {
            byte[] client = Encoding.ASCII.GetBytes(mount.Client.ToString());
            byte[] path = PathText.Bytes(mount.Path);
            if (!ListRoom.Ensure(call, ref reply, 3 * sizeof(uint) + client.Length + path.Length + 6))
                break;
            reply.Bool(true);
            reply.Opaque(client);
            reply.Opaque(path);
        }
        reply.Bool(false);
        return AcceptStatus.Success;
    }
}
