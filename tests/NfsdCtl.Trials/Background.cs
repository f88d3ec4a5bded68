using System.Net;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Clients;

namespace NfsdCtl.Trials;

/// <summary>Work on a thread of its own, again and again until it is stopped; an exception ends it and is kept.</summary>
public abstract class Background : IDisposable
{
    private readonly Thread thread;
    private volatile bool stopping;

    protected Background() => thread = new Thread(Loop) { IsBackground = true };

    /// <summary>What ended the work before it was stopped.</summary>
    public Exception? Failure { get; private set; }

    protected bool Stopping => stopping;

    public void Start() => thread.Start();

    public void Stop()
    {
        stopping = true;
        thread.Join();
    }

    /// <summary>One round of work.</summary>
    protected abstract void Step();

    private void Loop()
    {
        try
        {
            while (!stopping)
                Step();
        }
        catch (Exception e) when (e is TimeoutException or RpcException or NfsException)
        {
            Failure = e;
        }
    }

    public void Dispose()
    {
        Stop();
        Release();
        GC.SuppressFinalize(this);
    }

    protected abstract void Release();
}

/// <summary>A client of the other address and filesystem: reads attributes, writes and locks, and notes how long each took.</summary>
public abstract class Bystander(ILockClient machine, ServedFile file) : Background
{
    private readonly byte[] block = new byte[4096];
    private uint turn;

    public Stopwatches Times { get; } = new();

    /// <summary>Locks that were refused though nobody else uses the file.</summary>
    public int Refused { get; private set; }

    protected ServedFile File { get; } = file;

    protected abstract void GetAttr();

    protected abstract void Write(ulong offset, byte[] data);

    protected override void Step()
    {
        var own = new ClientLock(File, 1, new Span64(++turn % 1000 * 8, 8), Exclusive: true);
        Times.Time(GetAttr);
        Times.Time(() => Write(turn % 16 * 4096, block));
        Times.Time(() =>
        {
            if (machine.Lock(own) == NlmStatus.Granted)
                machine.Unlock(own);
            else
                Refused++;
        });
        Thread.Sleep(1);
    }

    protected override void Release() => machine.Dispose();
}

/// <summary>One that mounts with NFSv3.</summary>
public sealed class Nfs3Bystander : Bystander
{
    private readonly HardMount nfs;

    public Nfs3Bystander(IPAddress address, Place place, LockLedger ledger) : this(address, place, ledger, new HardMount(place.Server, address))
    {
    }

    private Nfs3Bystander(IPAddress address, Place place, LockLedger ledger, HardMount nfs)
        : base(new LockdClient(address, $"bystander-{address}", ledger), place.Open(nfs, $"bystander-{address}")) => this.nfs = nfs;

    protected override void GetAttr() => nfs.GetAttr(File.Handle);

    protected override void Write(ulong offset, byte[] data) => nfs.Write(File.Handle, offset, data, stable_how.UNSTABLE);

    protected override void Release()
    {
        base.Release();
        nfs.Dispose();
    }
}

/// <summary>One that mounts with NFSv4.1.</summary>
public sealed class Nfs4Bystander : Bystander
{
    private readonly Nfs4LockClient machine;

    public Nfs4Bystander(IPAddress address, Place place, LockLedger ledger) : this(new Nfs4LockClient(address, $"bystander-{address}", ledger), MakeFile(address, place))
    {
    }

    private Nfs4Bystander(Nfs4LockClient machine, ServedFile file) : base(machine, file) => this.machine = machine;

    protected override void GetAttr() => machine.GetAttr(File);

    protected override void Write(ulong offset, byte[] data) => machine.Write(File, offset, data);

    private static ServedFile MakeFile(IPAddress address, Place place)
    {
        using var nfs = new HardMount(place.Server, address);
        return place.Open(nfs, $"bystander-{address}");
    }
}

/// <summary>Asks all the time for locks that others hold: a grant of one is a doubled lock, as the ledger sees.</summary>
public sealed class Contender(ILockClient machine, IReadOnlyList<ClientLock> others) : Background
{
    private int next;

    public int Denied { get; private set; }

    public int InGrace { get; private set; }

    public int Granted { get; private set; }

    public int Other { get; private set; }

    protected override void Step()
    {
        var wanted = others[next++ % others.Count] with { Svid = 4242 };
        switch (machine.Lock(wanted))
        {
            case NlmStatus.Denied:
                Denied++;
                break;
            case NlmStatus.DeniedGracePeriod:
                InGrace++;
                break;
            case NlmStatus.Granted:
                Granted++;
                machine.Unlock(wanted);
                break;
            default:
                Other++;
                break;
        }

        Thread.Sleep(2);
    }

    protected override void Release() => machine.Dispose();
}

/// <summary>Reads attributes through an address all the time: the longest of them is the outage that a client sees.</summary>
public sealed class Prober(IPAddress address, Place place) : Background
{
    private readonly HardMount nfs = new(place.Server, address);
    private byte[]? root;

    public Stopwatches Times { get; } = new();

    protected override void Step()
    {
        root ??= nfs.Root(place.Export);
        Times.Time(() => nfs.GetAttr(root));
        Thread.Sleep(2);
    }

    protected override void Release() => nfs.Dispose();
}
