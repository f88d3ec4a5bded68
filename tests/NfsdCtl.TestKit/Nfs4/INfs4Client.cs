namespace NfsdCtl.TestKit.Nfs4;

/// <summary>A client of any minor version, known to the server.</summary>
public interface INfs4Client
{
    uint MinorVersion { get; }

    ulong ClientId { get; }

    /// <summary>Results of what a compound of this client begins with.</summary>
    uint OwnResults { get; }

    /// <summary>Bytes of those results.</summary>
    int OwnLength { get; }

    /// <summary>A compound as this client begins it.</summary>
    CompoundBuilder Compound();

    /// <summary>Sends it; what it says of itself is in the result.</summary>
    CompoundResult Try(CompoundBuilder compound);

    /// <exception cref="InvalidOperationException">The status is not NFS4_OK.</exception>
    CompoundResult Send(CompoundBuilder compound);
}
