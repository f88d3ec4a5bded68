namespace NfsdCtl.TestKit.Rpc;

/// <summary>Who a test client says it is (AUTH_SYS).</summary>
public sealed record TestUser(uint Uid, uint Gid, params uint[] Groups)
{
    public static TestUser Root { get; } = new(0, 0);
}
