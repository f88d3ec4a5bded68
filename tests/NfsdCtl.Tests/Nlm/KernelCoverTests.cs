using CsCheck;
using NfsdCtl.Protocols.Local;
using NfsdCtl.State.Locks;

namespace NfsdCtl.Tests.Nlm;

public sealed class KernelCoverTests
{
    private const int Size = 24;

    /// <summary>Against one cell for each byte; the last cell stands for all bytes to the end.</summary>
    [Test]
    public void A_cover_is_what_the_kernel_makes_of_the_same_calls()
    {
        var range = Gen.Select(Gen.Int[0, Size - 1], Gen.Int[0, Size - 1], (a, b) => (From: Math.Min(a, b), To: Math.Max(a, b)));
        Gen.Select(range, Gen.Int[0, 2]).List[0, 40].Sample(steps =>
        {
            var cover = new KernelCover();
            var cells = new LockKind?[Size];
            foreach (var ((from, to), kind) in steps)
            {
                LockKind? set = kind switch { 0 => null, 1 => LockKind.Read, _ => LockKind.Write };
                cover.Set(Range(from, to), set);
                Array.Fill(cells, set, from, to - from + 1);
            }
            Assert.That(cover.Ranges, Is.EqualTo(Runs(cells)));
            for (int from = 0; from < Size; from++)
            {
                for (int to = from; to < Size; to++)
                {
                    var part = cells[from..(to + 1)];
                    Assert.That(cover.Includes(Range(from, to), LockKind.Read), Is.EqualTo(part.All(c => c is not null)));
                    Assert.That(cover.Includes(Range(from, to), LockKind.Write), Is.EqualTo(part.All(c => c == LockKind.Write)));
                    Assert.That(cover.Overlaps(Range(from, to), LockKind.Read), Is.EqualTo(part.Any(c => c is not null)));
                    Assert.That(cover.Overlaps(Range(from, to), LockKind.Write), Is.EqualTo(part.Any(c => c == LockKind.Write)));
                }
            }
        }, iter: 2000);
    }

    [Test]
    public void The_whole_file_and_its_ends_do_not_overflow()
    {
        var cover = new KernelCover();
        cover.Set(LockRange.All, LockKind.Write);
        cover.Set(new LockRange(ulong.MaxValue, ulong.MaxValue), LockKind.Read);
        cover.Set(new LockRange(0, 0), null);
        Assert.That(cover.Ranges, Is.EqualTo(new[]
        {
            new CoverRange(new LockRange(1, ulong.MaxValue - 1), LockKind.Write),
            new CoverRange(new LockRange(ulong.MaxValue, ulong.MaxValue), LockKind.Read),
        }));
        Assert.That(cover.Includes(new LockRange(1, ulong.MaxValue), LockKind.Read), Is.True);
        cover.Set(LockRange.All, null);
        Assert.That(cover.Count, Is.Zero);
    }

    private static LockRange Range(int from, int to) => new((ulong)from, to == Size - 1 ? LockRange.ToEof : (ulong)to);

    private static List<CoverRange> Runs(LockKind?[] cells)
    {
        var runs = new List<CoverRange>();
        for (int i = 0; i < Size; i++)
        {
            int from = i;
            while (i + 1 < Size && cells[i + 1] == cells[from])
                i++;
            if (cells[from] is { } kind)
                runs.Add(new CoverRange(Range(from, i), kind));
        }
        return runs;
    }
}
