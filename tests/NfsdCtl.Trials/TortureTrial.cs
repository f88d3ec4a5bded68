using System.Diagnostics;
using System.Net;
using NfsdCtl.TestKit.Clients;

namespace NfsdCtl.Trials;

/// <param name="Server">Command line; it prints a line that starts with <c>ready</c> when it serves.</param>
/// <param name="Time">How long it is killed again and again; the last life is left alone.</param>
public sealed record TorturePlan(Place Place, string[] Server, TimeSpan Time, int Seed, int Clients, IPAddress FirstClient);

/// <summary>
/// kill -9 of the server under load, at random moments, again and again. No two clients may ever hold the same bytes, no lock may be
/// lost, and what was acknowledged as stable must be there afterwards.
/// </summary>
public sealed class TortureTrial(TorturePlan plan)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LockLedger ledger = new();
    private readonly Verdict verdict = new();
    private readonly Random random = new(plan.Seed);

    public Verdict Run()
    {
        using var server = new KilledServer(plan.Server);
        var workers = new List<TortureWorker>();
        verdict.Tell("seed", plan.Seed);
        try
        {
            server.Start();
            for (var i = 0; i < plan.Clients; i++)
                workers.Add(new TortureWorker(Machines.Number(plan.FirstClient, i), plan.Place, ledger, random.Next()));
            workers.ForEach(w => w.Start());
            KillAgainAndAgain(server, workers);
            workers.ForEach(w => w.Stop());
            Judge(server, workers);
        }
        finally
        {
            workers.ForEach(w => w.Dispose());
        }

        return verdict;
    }

    private void KillAgainAndAgain(KilledServer server, List<TortureWorker> workers)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < plan.Time && server.Running)
        {
            // some lives end inside their grace period, some well after it
            Thread.Sleep(random.Next(2) == 0 ? random.Next(200, 2000) : random.Next(2000, 12_000));
            if (server.Lives == 1)
                // or nobody would have anything to reclaim, in grace as they are from then on
                SpinWait.SpinUntil(() => ledger.Count > 0, Patience);
            server.Kill();
            server.Start();
            // a client learns of it by SM_NOTIFY, and has its data checked by the next life
            workers.ForEach(w => w.CheckData = true);
        }
    }

    private void Judge(KilledServer server, List<TortureWorker> workers)
    {
        var settled = Stopwatch.StartNew();
        while (workers.Exists(w => !w.Settled()) && settled.Elapsed < Patience)
            Thread.Sleep(50);
        workers.ForEach(w => w.Verify());
        verdict.Check("lives of the server, the last still running", server.Lives, "> 1", server.Lives > 1 && server.Running);
        verdict.Check("locks granted", workers.Sum(w => w.Granted), "> 0", workers.Exists(w => w.Granted > 0));
        verdict.Tell("conflicting requests refused / refused in grace", $"{workers.Sum(w => w.Denied)} / {workers.Sum(w => w.InGrace)}");
        verdict.Check("restarts that clients were told of", workers.Sum(w => w.Notified), "> 0", workers.Exists(w => w.Notified > 0));
        verdict.Check("locks reclaimed", workers.Sum(w => w.Reclaimed), "> 0", workers.Exists(w => w.Reclaimed > 0));
        verdict.Check("locks lost (reclaim refused, or held no more at the end)", workers.Sum(w => w.Lost), "0", workers.TrueForAll(w => w.Lost == 0));
        verdict.Check("locks granted to two clients at once", ledger.Doubled.Count, "0", ledger.Doubled.Count == 0);
        verdict.Check("acknowledged writes: FILE_SYNC / committed", $"{workers.Sum(w => w.Data.Synced)} / {workers.Sum(w => w.Data.Committed)}", "> 0 each", workers.Exists(w => w.Data.Synced > 0) && workers.Exists(w => w.Data.Committed > 0));
        verdict.Check("blocks read back / lost or torn", $"{workers.Sum(w => w.Data.Checked)} / {workers.Sum(w => w.Data.Faults.Count)}", "> 0 / 0", workers.Exists(w => w.Data.Checked > 0) && workers.TrueForAll(w => w.Data.Faults.Count == 0));
        foreach (var worker in workers.Where(w => w.Failure is not null))
            verdict.Check($"{worker.Name} went on", worker.Failure!.Message, "", false);
        foreach (var line in ledger.Doubled.Concat(workers.SelectMany(w => w.Data.Faults)).Concat(workers.SelectMany(w => w.Faults)))
            verdict.Fault(line);
    }
}
