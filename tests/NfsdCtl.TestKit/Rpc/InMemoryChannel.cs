using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Rpc;

/// <summary>Calls programs directly, on a thread of its own, with addresses of the test's choice.</summary>
public sealed class InMemoryChannel(params RpcProgram[] programs) : RpcCall, IRpcChannel, IDisposable
{
    private readonly ImpersonationThread thread = new();
    private byte[] reply = new byte[DefaultRoom];
    private IPutOff? putOff;

    public TestUser? User { get; set; } = TestUser.Root;

    uint IRpcChannel.Xid
    {
        get => Xid;
        set => Xid = value;
    }

    /// <summary>The server address that calls come in on.</summary>
    public NetAddress Server
    {
        get => LocalAddress;
        set => LocalAddress = value;
    }

    public NetAddress Client
    {
        get => PeerAddress;
        set => PeerAddress = value;
    }

    public ushort ClientPort
    {
        get => PeerPort;
        set => PeerPort = value;
    }

    /// <summary>Replies leave together: what is put off until then waits for <see cref="EndBurst"/>.</summary>
    public bool InBurst { get; set; }

    /// <summary>How often a program said that it may block.</summary>
    public int Blocked { get; private set; }

    /// <summary>What <see cref="RpcCall.MaxReply"/> answers.</summary>
    public int Limit { get; set; } = (1 << 20) + 4096;

    public override int MaxReply => Limit;

    /// <summary>Carries call-backs, where a test wants them.</summary>
    public IBackChannel? WayBack { get; set; }

    public override IBackChannel? BackChannel => WayBack;

    public static InMemoryChannel Loopback(params RpcProgram[] programs) => new(programs)
    {
        Server = NetAddress.FromV4(0x7F00_0001),
        Client = NetAddress.FromV4(0x7F00_0001),
        ClientPort = 700,
        Transport = Wire.Rpc.Transport.Tcp,
    };

    public RpcAnswer Call(uint program, uint version, uint procedure, ReadOnlySpan<byte> arguments)
    {
        byte[] copy = arguments.ToArray();
        RpcAnswer answer = default;
        thread.Run(() =>
        {
            var status = Execute(program, version, procedure, copy, out int length);
            answer = new(status, status == AcceptStatus.Success ? reply.AsSpan(0, length).ToArray() : []);
        });
        return answer;
    }

    /// <summary>Runs a test's own loop of <see cref="Execute"/> where calls run.</summary>
    public void Run(Action action) => thread.Run(action);

    public void Dispose() => thread.Dispose();

    /// <summary>A call on the current thread without an object for the answer, for tests of what a program allocates.</summary>
    public AcceptStatus Execute(uint program, uint version, uint procedure, ReadOnlySpan<byte> arguments, out int length)
    {
        length = 0;
        Program = program;
        Version = version;
        Procedure = procedure;
        SetUser();
        foreach (var candidate in programs)
        {
            if (candidate.Number != program)
                continue;
            var reader = new XdrReader(arguments);
            var writer = new XdrWriter(reply);
            var status = candidate.Execute(this, ref reader, ref writer);
            if (status == AcceptStatus.Success && writer.Overflow)
                throw new InvalidOperationException($"{candidate.Name} {procedure} wrote more than it had room for");
            length = writer.Position;
            Xid++;
            return status;
        }
        return AcceptStatus.ProgUnavail;
    }

    public ReadOnlySpan<byte> LastReply(int length) => reply.AsSpan(0, length);

    /// <summary>Runs at that moment.</summary>
    public Action? OnBlocking { get; set; }

    public override void BeforeBlocking()
    {
        Blocked++;
        OnBlocking?.Invoke();
    }

    public override bool BeforeReply(IPutOff work)
    {
        putOff = InBurst ? work : null;
        return InBurst;
    }

    /// <summary>The moment before the replies leave.</summary>
    public void EndBurst() => thread.Run(() => putOff?.Run());

    public override void EnsureRoom(ref XdrWriter writer, int bytes)
    {
        if (writer.Room >= bytes)
            return;
        int needed = writer.Position + bytes;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(needed, MaxReply);
        byte[] grown = new byte[Math.Max(needed, 2 * reply.Length)];
        var copy = new XdrWriter(grown);
        copy.Fixed(writer.Written);
        reply = grown;
        writer = copy;
    }

    public override int BeginSplice(int fileDescriptor, ulong offset, int count) => -95;

    public override void FinishSplice() => throw new InvalidOperationException("nothing was spliced");

    private void SetUser()
    {
        AuthFlavor = User is null ? 0u : 1u;
        Uid = User?.Uid ?? 65534;
        Gid = User?.Gid ?? 65534;
        GroupCount = 0;
        if (User is null)
            return;
        GroupCount = User.Groups.Length;
        User.Groups.CopyTo(GroupBuffer);
    }
}
