using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>Answers whole records in memory, and keeps the exceptions that came out of a program.</summary>
internal sealed class FrameCall
{
    private readonly InMemoryTransport transport;

    public FrameCall(params RpcProgram[] programs) => transport = new InMemoryTransport(Report, programs);

    /// <summary>Exceptions that came out of a program; each is a bug.</summary>
    public List<Exception> Bugs { get; } = [];

    /// <summary>The reply; empty when the record gets none.</summary>
    public ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> record, Transport over = Transport.Tcp)
    {
        var loopback = NetAddress.FromV4(0x7F00_0001);
        transport.Connect(over, loopback, 2049, loopback, 700);
        return transport.Execute(record);
    }

    private void Report(string line, Exception? error)
    {
        if (error is not null)
            Bugs.Add(new InvalidOperationException(line, error));
    }
}
