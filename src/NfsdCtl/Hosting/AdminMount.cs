using Microsoft.Extensions.Logging;
using NfsdCtl.AdminFs;
using NfsdCtl.Control;
using NfsdCtl.Fuse;

namespace NfsdCtl.Hosting;

/// <summary>The admin filesystem of this server: mounted while it runs, mounted anew when somebody else unmounts it.</summary>
public sealed class AdminMount : IDisposable
{
    private readonly string directory;
    private readonly AdminFileSystem files;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private FuseMount? mount;
    private bool ended;

    public AdminMount(string directory, IServerControl control, TimeProvider time, ILogger<AdminMount> log)
    {
        this.directory = directory;
        this.log = log;
        files = new AdminFileSystem(new AdminHost(control, time, Audit));
    }

    /// <exception cref="FuseException">It cannot be mounted; the message says why.</exception>
    public void Start()
    {
        lock (gate)
            mount = Mount();
    }

    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            mount?.Dispose();
            mount = null;
        }
    }

    private FuseMount Mount()
    {
        return FuseMount.Mount(directory, files, new FuseMountOptions("nfsdctl")
        {
            OnBug = e => log.LogError(e, "an admin file failed"),
            // told on a thread of the session that ends, which cannot wait for its own end
            OnForeignUnmount = () => new Thread(Remount) { IsBackground = true, Name = "admin-remount" }.Start(),
        });
    }

    private void Remount()
    {
        lock (gate)
        {
            if (ended)
                return;
            log.LogWarning("{Directory} was unmounted by somebody else: mounting it again", directory);
            mount?.Dispose();
            try
            {
                mount = Mount();
            }
            catch (FuseException e)
            {
                mount = null;
                log.LogError("{Directory} cannot be mounted again: {Reason}. The server goes on; restart it to have the admin files back", directory, e.Message);
            }
        }
    }

    private void Audit(AuditRecord r)
    {
        if (r.Error == 0)
            log.LogInformation("{File} ← {Command}: {Answer} (pid {Pid}, uid {Uid}{DryRun})", r.File, r.Command, r.Answer.TrimEnd(), r.Caller.Pid, r.Caller.Uid, r.DryRun ? ", dry run" : "");
        else
            log.LogWarning("{File} ← {Command}: refused, {Message} (pid {Pid}, uid {Uid})", r.File, r.Command, r.Message, r.Caller.Pid, r.Caller.Uid);
    }
}
