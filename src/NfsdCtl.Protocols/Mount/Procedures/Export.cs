using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>RFC 1813 §5.2.5: what is exported to whom, as far as the transport carries it.</summary>
internal static class Export
{
    public static AcceptStatus Execute(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        foreach (var directory in program.Exports.GroupBy(export => export.Path))
        {
            byte[] path = Encoding.UTF8.GetBytes(directory.Key);
            byte[][] clients = [.. directory.Select(export => Encoding.UTF8.GetBytes(export.Client.Text))];
            if (!ListRoom.Ensure(call, ref reply, 3 * sizeof(uint) + path.Length + 3 + clients.Sum(c => 2 * sizeof(uint) + c.Length + 3)))
                break;
            reply.Bool(true);
            reply.Opaque(path);
            foreach (byte[] client in clients)
            {
                reply.Bool(true);
                reply.Opaque(client);
            }
            reply.Bool(false);
        }
        reply.Bool(false);
        return AcceptStatus.Success;
    }
}
