using System.Net;
using NfsdCtl.TestKit.Clients;

namespace NfsdCtl.Trials;

/// <summary>One client of a torture: takes and gives back locks of a file that all share, and writes to a file of its own.</summary>
public sealed class TortureWorker : Background
{
    private const int Ranges = 12;
    private readonly LockdClient machine;
    private readonly HardMount nfs;
    private readonly ServedFile shared;
    private readonly Random random;
    private int lostSilently;

    public TortureWorker(IPAddress address, Place place, LockLedger ledger, int seed)
    {
        random = new Random(seed);
        machine = new LockdClient(address, $"torture-{address}", ledger);
        nfs = new HardMount(place.Server, address);
        shared = place.Open(nfs, "shared");
        Data = new WrittenFile(nfs, place.Open(nfs, $"data-{address}").Handle, machine.Name);
    }

    public string Name => machine.Name;

    public WrittenFile Data { get; }

    /// <summary>Set after a restart: the next round reads back everything that was acknowledged.</summary>
    public bool CheckData { get; set; }

    public int Granted { get; private set; }

    public int Denied { get; private set; }

    public int InGrace { get; private set; }

    public int Notified => machine.Notified;

    public int Reclaimed => machine.Reclaimed;

    public int Lost => machine.Lost + lostSilently;

    public List<string> Faults { get; } = [];

    /// <summary>Whether all reclaims of the last restart have been answered: a new lock can be had again.</summary>
    public bool Settled() => machine.Test(Range(Ranges + 1)) != NlmStatus.DeniedGracePeriod;

    protected override void Step()
    {
        if (CheckData)
        {
            CheckData = false;
            Data.Check();
        }

        Data.Write(random);
        var wanted = Range(random.Next(Ranges));
        var mine = machine.Held;
        if (mine.Count > 3 || mine.Contains(wanted))
        {
            machine.Unlock(mine[random.Next(mine.Count)]);
            return;
        }

        switch (machine.Lock(wanted))
        {
            case NlmStatus.Granted:
                Granted++;
                break;
            case NlmStatus.Denied:
                Denied++;
                break;
            case NlmStatus.DeniedGracePeriod:
                InGrace++;
                break;
            case var other:
                Faults.Add($"{Name}: LOCK {wanted.Range.Start}: {other}");
                break;
        }

        Thread.Sleep(random.Next(3));
    }

    /// <summary>After the end: what this client believes to hold, the server refuses to a stranger; and the data is there.</summary>
    public void Verify()
    {
        foreach (var mine in machine.Held)
        {
            // another process of the same machine conflicts as another machine does
            if (machine.Test(mine with { Svid = 99 }) is var status and not NlmStatus.Denied)
            {
                lostSilently++;
                Faults.Add($"{Name}: believes to hold {mine.Range.Start}, but a test by another says {status}");
            }
        }

        Data.Check();
    }

    private ClientLock Range(int number) => new(shared, 1, new Span64((ulong)number * 100, 50), Exclusive: true);

    protected override void Release()
    {
        machine.Dispose();
        nfs.Dispose();
    }
}
