using System.Net;
using NfsdCtl.TestKit.RawRpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;

namespace NfsdCtl.SystemTests.Wire;

/// <summary>A server of the toy program on 127.0.0.1, over TCP.</summary>
internal sealed class ToyServer : IDisposable
{
    public ToyServer(RpcServerOptions? options = null, TimeProvider? time = null)
    {
        Server = new RpcServer(options ?? new RpcServerOptions { Threads = 8 }, time ?? TimeProvider.System, (line, e) =>
        {
            lock (Reports)
                Reports.Add($"{line} {e?.GetType().Name}");
        });
        Endpoint = new IPEndPoint(IPAddress.Loopback, Server.Listen(NetAddress.From(IPAddress.Loopback), 0, Transport.Tcp, Program)[0].Port);
        Server.Start();
    }

    public RpcServer Server { get; }

    public ToyProgram Program { get; } = new();

    public List<string> Reports { get; } = [];

    public IPEndPoint Endpoint { get; }

    public RawConnection Connect(int receiveBuffer = 0, IPAddress? source = null) => new(Endpoint, receiveBuffer, source);

    /// <summary>True as soon as the condition holds; false when it does not come about in 20 s.</summary>
    public static bool Eventually(Func<bool> condition) => SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(20));

    public void Dispose()
    {
        Program.Gate.Set();
        Server.Dispose();
    }
}
