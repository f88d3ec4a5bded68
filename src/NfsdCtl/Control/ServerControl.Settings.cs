using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.Protocols.Nfs4;
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
        Setting.MaxBlockSize => Nfs3Program.MaxTransfer,
        _ => throw new ArgumentOutOfRangeException(nameof(setting)),
    };

    public Outcome<SettingReport> Set(Setting setting, long value, Order order)
    {
        if (setting != Setting.Threads)
            return ControlError.Busy("this can only be set before the server starts: in the settings file or on the command line");
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
