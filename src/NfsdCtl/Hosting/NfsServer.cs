using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NfsdCtl.Configuration;
using NfsdCtl.Control;
using NfsdCtl.State;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Records;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.PortMap;

namespace NfsdCtl.Hosting;

/// <summary>
/// The server's life: everything is checked and loaded before the first endpoint opens, and the line <c>ready …</c> says that it
/// serves. At the end it stops taking calls first and takes the admin mount away last.
/// </summary>
public sealed class NfsServer : IHostedService, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ServerParts parts;
    private readonly ILogger<NfsServer> log;
    private readonly ScopeLoader scopes;
    private readonly Listeners listeners;
    private readonly PortRegistration ports;
    private readonly AdminMount admin;
    private readonly StateDirectory stateDirectory;
    private readonly PosixSignalRegistration hangUp;
    private readonly SignalledReload reload;
    private ITimer? tick;

    public NfsServer(ServerSettings settings, TimeProvider time, ILoggerFactory logs)
    {
        log = logs.CreateLogger<NfsServer>();
        stateDirectory = new StateDirectory(settings.StateDirectory);
        parts = new ServerParts(settings, time, logs);
        scopes = new ScopeLoader(parts.State, parts.Records, time);
        listeners = new Listeners(parts);
        ports = new PortRegistration(parts, new PortMapClient(new RpcClient(time)), logs.CreateLogger<PortRegistration>());
        var control = new ServerControl(parts, scopes, listeners);
        admin = new AdminMount(settings.AdminMount, control, time, logs.CreateLogger<AdminMount>());
        reload = new SignalledReload(() => Reload());
        hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            reload.Request();
        });
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        parts.Loader.LoadFirst();
        int known = LoadScopes();
        var status = parts.NsmService.Start();
        if (status != RecordStatus.Ok)
            log.LogWarning("the server's state number could not be written ({Status}): clients are told a number made of the time", status);
        WarnOfShortGrace(parts.Settings);
        parts.Notifier.Pause();
        OpenBootGrace(known);
        parts.Addresses.Arrived += parts.Notifier.AddressArrived;
        parts.Addresses.Departed += parts.Rpc.Abandon;
        parts.Rpc.Start();
        parts.Effects.Start();
        parts.Copies.Start(parts.Settings.MaxCopies);
        reload.Start();
        listeners.Open();
        await ports.StartAsync(listeners.Mappings(), cancellationToken).ConfigureAwait(false);
        parts.Notifier.Resume();
        admin.Start();
        tick = parts.Time.CreateTimer(_ => parts.Nodes.Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        Announce();
    }

    /// <summary>An idle client of NFSv4 looks for its server once in a lease, and only then learns that it has to reclaim.</summary>
    private void WarnOfShortGrace(ServerSettings settings)
    {
        if (settings.Grace < settings.Lease && settings.MinorVersions != 0)
            log.LogWarning("grace-time ({Grace} s) is shorter than lease-time ({Lease} s): an idle NFSv4 client may come too late to reclaim", settings.Grace, settings.Lease);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        log.LogInformation("stopping");
        tick?.Dispose();
        await ports.StopAsync(cancellationToken).ConfigureAwait(false);
        listeners.Close();
        parts.Rpc.Stop(Patience);
        NoteHeld();
        admin.Dispose();
        log.LogInformation("stopped");
    }

    public void Dispose()
    {
        hangUp.Dispose();
        reload.Dispose();
        admin.Dispose();
        parts.Dispose();
        stateDirectory.Dispose();
    }

    /// <summary>What the exported filesystems know of clients of an earlier life.</summary>
    private int LoadScopes()
    {
        int known = 0;
        var effects = new EffectList();
        foreach (var fileSystem in parts.FileSystems.All)
        {
            var status = scopes.Load(fileSystem, effects, out int here);
            if (status != RecordStatus.Ok)
                log.LogWarning("the records of {FileSystem} cannot be read ({Status}): its clients cannot reclaim, and locks of new ones are refused while it lasts", fileSystem.MountPoint, status);
            known += here;
        }
        parts.Effects.RunAll(effects);
        return known;
    }

    /// <summary>Boot grace is a window like any other, for any address and filesystem, and only when somebody has something to reclaim.</summary>
    private void OpenBootGrace(int known)
    {
        if (known == 0)
            return;
        var effects = new EffectList();
        var request = new WindowRequest(new Scope(NetAddress.Any, FsId.Any), TimeSpan.FromSeconds(parts.Settings.Grace), "boot", AnyoneMayReclaim: false, Persisted: false) { IsPatient = true };
        using (var gate = parts.State.Enter(effects))
            parts.State.Grace.Open(gate, request, out _);
        parts.Effects.RunAll(effects);
        log.LogInformation("grace period of {Seconds} s: {Known} clients may reclaim", parts.Settings.Grace, known);
    }

    /// <summary>
    /// Writes what each client holds to its record, as a release does: the next life's grace period then ends with the last reclaim.
    /// After a crash nobody knows, and it runs its full time.
    /// </summary>
    private void NoteHeld()
    {
        var effects = new EffectList();
        using (var gate = parts.State.Enter(effects))
            parts.State.Releases.Release(gate, default, dryRun: false);
        parts.Effects.RunAll(effects);
    }

    private void Reload()
    {
        if (!parts.Loader.Reload())
            return;
        LoadScopes();
    }

    private void Announce()
    {
        IReadOnlyList<NetAddress> served = parts.Settings.Host.Count == 0 ? [.. parts.Addresses.All.Order(ByValue)] : parts.Settings.Host;
        int PortOf(Wire.Rpc.RpcProgram program) => listeners.Of(program).Select(e => (int)e.Port).FirstOrDefault();
        Console.Out.WriteLine(
            $"ready addresses={string.Join(",", served)} nfs={PortOf(parts.Nfs)} mountd={PortOf(parts.Mount)} lockd={PortOf(parts.Nlm)} statd={PortOf(parts.Nsm)} admin={parts.Settings.AdminMount}");
        Console.Out.Flush();
    }

    private static readonly Comparer<NetAddress> ByValue = Comparer<NetAddress>.Create((a, b) => a.High != b.High ? a.High.CompareTo(b.High) : a.Low.CompareTo(b.Low));
}
