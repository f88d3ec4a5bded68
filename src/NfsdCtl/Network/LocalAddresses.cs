using System.Collections.Frozen;
using System.Net.NetworkInformation;

namespace NfsdCtl.Network;

/// <summary>
/// The addresses of this host, kept current by the kernel's notices (rtnetlink, through the runtime). A floating address
/// that arrives is what outgoing SM_NOTIFY of its scope wait for.
/// </summary>
public sealed class LocalAddresses : IDisposable
{
    private volatile FrozenSet<NetAddress> current = FrozenSet<NetAddress>.Empty;

    public LocalAddresses()
    {
        NetworkChange.NetworkAddressChanged += OnChange;
        Refresh();
    }

    /// <summary>Raised, on a thread of the runtime, for each address that was not there before.</summary>
    public event Action<NetAddress>? Arrived;

    /// <summary>Raised in the same way for each address that is gone.</summary>
    public event Action<NetAddress>? Departed;

    public IReadOnlyCollection<NetAddress> All => current;

    public bool Contains(NetAddress address) => current.Contains(address);

    /// <summary>Reads the host's addresses now; called on every notice, and by who must not rely on one.</summary>
    public void Refresh()
    {
        var before = current;
        var now = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => NetAddress.From(a.Address))
            .ToFrozenSet();
        current = now;
        foreach (var address in now)
        {
            if (!before.Contains(address))
                Arrived?.Invoke(address);
        }
        foreach (var address in before)
        {
            if (!now.Contains(address))
                Departed?.Invoke(address);
        }
    }

    public void Dispose() => NetworkChange.NetworkAddressChanged -= OnChange;

    private void OnChange(object? sender, EventArgs e) => Refresh();
}
