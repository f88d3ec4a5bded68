using System.Diagnostics;
using System.Globalization;

namespace NfsdCtl.Fuzz;

/// <summary>
/// Runs rounds of a target until its time is over. Each round has a seed of its own, and a failure names it. The short form
/// starts at seed 1; scripts/fuzz sets the time and a fresh start.
/// </summary>
/// <remarks>
/// NFSDCTL_FUZZ_SECONDS: the time of one target (default 1.5). NFSDCTL_FUZZ_SEED: the first seed. NFSDCTL_FUZZ_ROUNDS: stop after
/// that many rounds, for repeating one.
/// </remarks>
internal static class FuzzRun
{
    private static readonly double Seconds = Setting("NFSDCTL_FUZZ_SECONDS", 1.5);
    private static readonly int FirstSeed = (int)Setting("NFSDCTL_FUZZ_SEED", 1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly int Rounds = (int)Setting("NFSDCTL_FUZZ_ROUNDS", int.MaxValue);

    /// <summary>Runs at least one round. Returns how many there were.</summary>
    /// <param name="round">Throws, or fails an assertion, when the target did what it must not.</param>
    public static int For(Action<Random> round)
    {
        var clock = Stopwatch.StartNew();
        int count = 0;
        do
        {
            int seed = unchecked(FirstSeed + count);
            // A round that never ends cannot be stopped from outside; the run is, so that the seed is known.
            using var watchdog = new Timer(_ => Environment.FailFast($"seed {seed} did not end within {Longest}"), null, Longest, Timeout.InfiniteTimeSpan);
            try
            {
                round(new Random(seed));
            }
            catch (Exception error)
            {
                throw new AssertionException(
                    $"seed {seed} after {count} rounds; repeat it with NFSDCTL_FUZZ_SEED={seed} NFSDCTL_FUZZ_ROUNDS=1\n{error.GetType().Name}: {error.Message}", error);
            }
            count++;
        }
        while (count < Rounds && clock.Elapsed.TotalSeconds < Seconds);
        TestContext.Out.WriteLine($"{count} rounds from seed {FirstSeed}");
        return count;
    }

    private static double Setting(string name, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out double value) ? value : otherwise;
}
