namespace NfsdCtl.State.Nfs4;

/// <summary>Who made a client record, as far as RPC tells: only the same may change or replace it (RFC 8881 §18.35.4).</summary>
/// <param name="Flavor">0 AUTH_NONE, 1 AUTH_SYS.</param>
/// <param name="Uid">Meaningful with AUTH_SYS.</param>
public readonly record struct Principal(uint Flavor, uint Uid);
