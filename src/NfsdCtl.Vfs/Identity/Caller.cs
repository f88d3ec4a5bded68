using System.Runtime.CompilerServices;

namespace NfsdCtl.Vfs;

/// <summary>Who asks, as the call says it: before squashing.</summary>
public readonly ref struct Caller
{
    public NetAddress Client { get; init; }

    /// <summary>True when the client's port is below 1024 (the <c>secure</c> option).</summary>
    public bool FromPrivilegedPort { get; init; }

    /// <summary>True when the call says nothing of its user (AUTH_NONE): it is the anonymous one of the export.</summary>
    public bool IsAnonymous { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>At most <see cref="Credential.MaxGroups"/>; more are cut.</summary>
    public ReadOnlySpan<uint> Groups { get; init; }

    /// <summary>
    /// Mount points lead into the export that is mounted there, whatever its options: clients of NFSv4 see the new fsid and mount it for
    /// themselves, clients of NFSv3 take it for the same filesystem.
    /// </summary>
    public bool CrossesMounts { get; init; }

    /// <summary>Told before an operation blocks; null when nobody wants to know.</summary>
    public IBlockingHook? Hook { get; init; }
}

/// <summary>The identity that the kernel enforces: after squashing.</summary>
public struct Credential : IEquatable<Credential>
{
    /// <summary>The most supplementary groups: twice what AUTH_SYS carries (RFC 5531 appendix A).</summary>
    public const int MaxGroups = 32;

    private GroupArray groups;

    public Credential(uint uid, uint gid, ReadOnlySpan<uint> supplementary)
    {
        Uid = uid;
        Gid = gid;
        GroupCount = Math.Min(supplementary.Length, MaxGroups);
        supplementary[..GroupCount].CopyTo(groups);
    }

    public static Credential Root => default;

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    public int GroupCount { get; private set; }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<uint> Groups => ((ReadOnlySpan<uint>)groups)[..GroupCount];

    /// <summary>Gives each group equal to <paramref name="from"/> the value <paramref name="to"/> (root_squash squashes gid 0 too).</summary>
    internal void ReplaceGroup(uint from, uint to) => ((Span<uint>)groups)[..GroupCount].Replace(from, to);

    public readonly bool IsMember(uint gid) => gid == Gid || Groups.Contains(gid);

    public readonly bool Equals(Credential other) =>
        Uid == other.Uid && Gid == other.Gid && Groups.SequenceEqual(other.Groups);

    public override readonly bool Equals(object? obj) => obj is Credential c && Equals(c);

    public override readonly int GetHashCode() => HashCode.Combine(Uid, Gid, GroupCount);

    [InlineArray(MaxGroups)]
    private struct GroupArray
    {
        private uint first;
    }
}
