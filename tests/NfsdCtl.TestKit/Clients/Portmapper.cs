using System.Net;

namespace NfsdCtl.TestKit.Clients;

/// <summary>Asks a machine's portmapper (RFC 1833, version 2) where a program listens.</summary>
public static class Portmapper
{
    public const uint Program = 100000;
    public const uint Version = 2;
    public const uint GetPort = 3;
    public const int WellKnownPort = 111;

    /// <exception cref="IOException">The machine does not answer, or the program is not registered.</exception>
    public static IPEndPoint Find(IPAddress server, uint program, uint version, IPAddress? from = null)
    {
        using var client = new RpcClient(() => new IPEndPoint(server, WellKnownPort), Program, Version, from) { GiveUp = TimeSpan.Zero };
        try
        {
            var port = client.Call(GetPort, (ref w) =>
            {
                w.U32(program);
                w.U32(version);
                w.U32(6);
                w.U32(0);
            }, (ref r) => r.U32());
            return port is > 0 and < 65536 ? new IPEndPoint(server, (int)port) : throw new IOException($"{server} does not serve program {program}");
        }
        catch (TimeoutException e)
        {
            throw new IOException($"{server}: no portmapper answers", e);
        }
    }
}
