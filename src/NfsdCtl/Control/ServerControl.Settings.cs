using NfsdCtl.Configuration;
using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;

namespace NfsdCtl.Hosting;

/// <summary>The settings that can be read, and some changed, while the server runs.</summary>
public sealed partial class ServerControl
{
    public bool IsServing => listeners.IsOpen;

    public long Get(Setting setting) => setting switch
    {
        Setting.Threads => IsServing ? parts.Rpc.Threads : 0,
        Setting.LeaseTime => parts.Settings.Lease,
        Setting.GraceTime => parts.Settings.Grace,
        Setting.MaxBlockSize => parts.Files.MaxTransfer,
        _ => throw new ArgumentOutOfRangeException(nameof(setting)),
    };

    public IReadOnlyList<SettingEntry> Settings()
    {
        // These may have changed since the start; what else may is kept in the settings.
        var (versions, threads) = (parts.Versions, parts.Rpc.Threads);
        var inForce = parts.Settings with
        {
            Threads = threads,
            Version3 = versions.Version3,
            Version4 = versions.MinorVersions != 0,
            MinorVersions = versions.MinorVersions,
        };
        return [.. SettingTable.All.Select(d => new SettingEntry(d.Section, d.Key, d.Show(inForce)))];
    }

    public Outcome<SettingReport> Set(Setting setting, long value, Order order)
    {
        if (setting != Setting.Threads)
            return SetWhileStopped(setting, (int)value, order);
        if (value > 1024)
            return ControlError.Invalid($"{value} threads are more than 1024");
        if (order.DryRun)
            return new SettingReport(value);
        if (value == 0)
        {
            listeners.Close();
            return new SettingReport(0);
        }
        parts.Rpc.Threads = (int)value;
        return Serve() is { } error ? error : new SettingReport(parts.Rpc.Threads);
    }

    /// <summary>What clients rely on while they are served, as the kernel's server has it; the numbers are in their ranges.</summary>
    private Outcome<SettingReport> SetWhileStopped(Setting setting, int value, Order order)
    {
        if (IsServing)
            return ControlError.Busy("this cannot change while the server serves: write 0 to threads first");
        if (order.DryRun)
            return new SettingReport(value);
        switch (setting)
        {
            case Setting.LeaseTime:
                parts.Settings = parts.Settings with { Lease = value };
                var effects = new EffectList();
                using (var gate = parts.State.Enter(effects))
                    parts.State.Nfs4.Clients.SetLease(gate, TimeSpan.FromSeconds(value));
                parts.Effects.Run(effects);
                break;
            case Setting.GraceTime:
                parts.Settings = parts.Settings with { Grace = value };
                break;
            case Setting.MaxBlockSize:
                parts.Files.MaxTransfer = value;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(setting));
        }
        return new SettingReport(value);
    }

    /// <remarks>One pool: the threads serve all loops.</remarks>
    public IReadOnlyList<int> PoolThreads() => [(int)Get(Setting.Threads)];

    public Outcome<PoolThreadsReport> SetPoolThreads(IReadOnlyList<int> threads, Order order)
    {
        if (threads.Count > 1)
            return ControlError.Invalid("there is one pool");
        if (threads.Count == 0)
            return new PoolThreadsReport(PoolThreads());
        var set = Set(Setting.Threads, threads[0], order);
        return set.Ok ? new PoolThreadsReport([(int)set.Value.Value]) : set.Error;
    }

    public IReadOnlyList<ProtocolVersion> Versions()
    {
        var versions = parts.Versions;
        return
        [
            new ProtocolVersion(3, null, versions.Version3),
            new ProtocolVersion(4, null, versions.MinorVersions != 0),
            .. Enumerable.Range(0, (int)Nfs4Options.LastMinorVersion + 1)
                .Select(minor => new ProtocolVersion(4, minor, (versions.MinorVersions >> minor & 1) != 0)),
        ];
    }

    public Outcome<VersionReport> SetVersions(IReadOnlyList<ProtocolVersion> changes, Order order)
    {
        if (IsServing)
            return ControlError.Busy("versions cannot change while the server runs");
        bool version3 = false;
        bool version4 = false;
        uint minors = 0;
        foreach (var change in changes)
        {
            bool known = change is { Major: 3, Minor: null } or { Major: 4, Minor: null or (>= 0 and <= (int)Nfs4Options.LastMinorVersion) };
            if (change.On && !known)
                return ControlError.Invalid($"version {change.Major}{(change.Minor is { } m ? $".{m}" : "")} is not built");
            if (!change.On)
                continue;
            version3 |= change.Major == 3;
            version4 |= change is { Major: 4, Minor: null };
            if (change is { Major: 4, Minor: { } minor })
                minors |= 1u << minor;
        }
        // A major version that is off takes its minor ones along.
        var wanted = new ServedVersions(version3, version4 ? minors : 0);
        if (!wanted.Version3 && wanted.MinorVersions == 0)
            return ControlError.Invalid("no version would be left");
        if (!order.DryRun)
            parts.Versions = wanted;
        return new VersionReport(Versions());
    }

    public IReadOnlyList<Listener> Listeners() =>
        [.. listeners.Of(parts.Nfs).Select(e => new Listener(e.Transport.ToString().ToLowerInvariant(), e.Address, e.Port))];

    public Outcome<Done> AddListener(string transport, int port, Order order)
    {
        if (transport is not ("tcp" or "udp"))
            return new ControlError(Errno.EPROTONOSUPPORT, $"{transport} is not served: tcp or udp");
        if (order.DryRun)
            return Done.Instance;
        try
        {
            listeners.Add(transport == "tcp" ? Transport.Tcp : Transport.Udp, (ushort)port);
            return Done.Instance;
        }
        catch (RpcListenException e)
        {
            return new ControlError(e.Errno, e.Message);
        }
    }

    /// <summary>Opens the endpoints again after <c>threads</c> was 0.</summary>
    private ControlError? Serve()
    {
        if (IsServing)
            return null;
        try
        {
            listeners.Open();
            return null;
        }
        catch (RpcListenException e)
        {
            return new ControlError(e.Errno, e.Message);
        }
    }
}
