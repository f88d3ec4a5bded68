using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>NLM versions 1, 3 and 4 on real files.</summary>
public sealed class NlmFuzz : ProgramFuzz
{
    private LockStack stack = null!;

    protected override (RpcProgram[], string, IReadOnlyList<byte[]>) Make()
    {
        stack = Own(new LockStack());
        return ([stack.Nlm, stack.Nsm], "nlm.x", stack.Handles);
    }

    /// <summary>Retries and sweeps come due between the calls.</summary>
    protected override void BetweenRounds(Random random) => stack.Time.Advance(TimeSpan.FromMilliseconds(random.Next(20_000)));
}

/// <summary>NSM beside NLM.</summary>
public sealed class NsmFuzz : ProgramFuzz
{
    protected override (RpcProgram[], string, IReadOnlyList<byte[]>) Make()
    {
        var stack = Own(new LockStack());
        return ([stack.Nlm, stack.Nsm], "sm.x", stack.Handles);
    }
}

/// <summary>The port mapper, from a local program's view, which may do most.</summary>
public sealed class PortMapperFuzz : ProgramFuzz
{
    protected override (RpcProgram[], string, IReadOnlyList<byte[]>) Make() =>
        ([new PortMapper(new PortRegistry(), TimeProvider.System)], "rpcbind.x", []);
}
