namespace NfsdCtl.Vfs.Exports;

/// <summary>The names of clients, for exports to <c>*.example.org</c>. Never waits.</summary>
public interface IClientNames
{
    /// <summary>False while the name is being looked up; then true, with null for a client that has no (confirmed) name.</summary>
    bool TryGetName(NetAddress client, out string? name);
}
