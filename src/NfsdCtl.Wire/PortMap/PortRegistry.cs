using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.PortMap;

/// <summary>One program's place, as a port mapper tells it.</summary>
/// <param name="Address">The wildcard: every address of this server.</param>
/// <param name="IsV4">The network: tcp and udp, or tcp6 and udp6.</param>
public readonly record struct PortMapping(uint Program, uint Version, Transport Transport, bool IsV4, NetAddress Address, ushort Port);

/// <summary>The table of a port mapper (RFC 1833). Safe for use by several threads; bounded.</summary>
public sealed class PortRegistry
{
    /// <summary>Mappings at most: local programs may register, and must not fill our memory.</summary>
    public const int Most = 1024;

    private readonly Lock gate = new();
    private PortMapping[] mappings = [];

    /// <summary>All mappings, in the order of registration.</summary>
    public IReadOnlyList<PortMapping> All => Volatile.Read(ref mappings);

    internal ReadOnlySpan<PortMapping> Current => Volatile.Read(ref mappings);

    /// <summary>
    /// Registers. False: the program's version has another port on that network and address already (RFC 1833 §2.2.1,
    /// RPCBPROC_SET), or the table is full.
    /// </summary>
    public bool Set(PortMapping mapping)
    {
        lock (gate)
        {
            foreach (var known in mappings)
            {
                if (known == mapping)
                    return true;
                if (known with { Port = mapping.Port } == mapping)
                    return false;
            }
            if (mappings.Length >= Most)
                return false;
            Volatile.Write(ref mappings, [.. mappings, mapping]);
            return true;
        }
    }

    /// <summary>Removes a version of a program, from one network or, with null, from all. False: nothing was there.</summary>
    public bool Unset(uint program, uint version, Transport? transport = null, bool? isV4 = null)
    {
        lock (gate)
        {
            var rest = Array.FindAll(mappings, m => !(m.Program == program && m.Version == version
                && (transport is null || m.Transport == transport) && (isV4 is null || m.IsV4 == isV4)));
            bool removed = rest.Length < mappings.Length;
            Volatile.Write(ref mappings, rest);
            return removed;
        }
    }

    /// <summary>
    /// Finds the mapping for a question that came in on <paramref name="local"/>: that very address before the wildcard. When the
    /// version is not there and <paramref name="anyVersion"/> holds, another version answers, so that the client learns from the
    /// program itself which ones there are (PROG_MISMATCH), as rpcbind has it.
    /// </summary>
    internal bool TryFind(uint program, uint version, Transport transport, bool v4, NetAddress local, bool anyVersion, out PortMapping found)
    {
        int best = 0;
        found = default;
        foreach (var m in Current)
        {
            if (m.Program != program || m.Transport != transport || m.IsV4 != v4 || m.Version != version && !anyVersion)
                continue;
            int fit = (m.Version == version ? 3 : 0) + (m.Address == local ? 2 : m.Address.IsWildcard ? 1 : 0);
            if (fit == 0 || m.Address != local && !m.Address.IsWildcard || fit <= best)
                continue;
            (best, found) = (fit, m);
        }
        return best > 0;
    }
}
