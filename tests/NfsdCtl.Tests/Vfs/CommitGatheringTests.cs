using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Tests.Vfs;

public sealed class CommitGatheringTests
{
    private static readonly TimeSpan Commit = TimeSpan.FromMilliseconds(2);

    private CommitGathering gathering = null!;

    [SetUp]
    public void Begin() => gathering = new CommitGathering();

    [Test]
    public void The_first_and_whoever_comes_alone_are_not_kept()
    {
        Assert.That(gathering.Patience(1), Is.EqualTo(TimeSpan.Zero));
        gathering.Committed(released: 1, waiting: 0, Commit);
        Assert.That(gathering.Patience(1), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_commit_waits_half_of_the_last_for_those_whom_that_released()
    {
        gathering.Committed(released: 8, waiting: 4, Commit);
        Assert.That(gathering.Expected, Is.EqualTo(12));
        Assert.That(gathering.Patience(4), Is.EqualTo(Commit / 2));
        Assert.That(gathering.Patience(12), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_fast_disk_is_not_kept_waiting()
    {
        gathering.Committed(released: 8, waiting: 4, TimeSpan.FromMilliseconds(0.9));
        Assert.That(gathering.Patience(4), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_slow_disk_keeps_nobody_for_more_than_milliseconds()
    {
        gathering.Committed(released: 2, waiting: 1, TimeSpan.FromSeconds(3));
        Assert.That(gathering.Patience(1), Is.EqualTo(TimeSpan.FromMilliseconds(5)));
    }

    [Test]
    public void Where_nobody_comes_it_is_tried_ever_more_seldom()
    {
        var waits = new List<int>();
        for (int i = 0; i < 2000; i++)
        {
            gathering.Committed(released: 2, waiting: 2, Commit);
            if (gathering.Patience(2) == TimeSpan.Zero)
                continue;
            waits.Add(i);
            gathering.Waited(2);
        }
        var gaps = waits.Zip(waits.Skip(1), (a, b) => b - a).ToList();
        Assert.That(gaps.Take(6), Is.EqualTo((int[])[2, 3, 5, 9, 17, 33]));
        Assert.That(gaps.Skip(6), Is.All.EqualTo(65));
    }

    [Test]
    public void Success_forgets_what_was_in_vain()
    {
        Fail();
        Fail();
        gathering.Waited(4);
        Fail();
        Assert.That(gathering.Patience(2), Is.EqualTo(TimeSpan.Zero));
        Assert.That(gathering.Patience(2), Is.Not.EqualTo(TimeSpan.Zero));

        void Fail()
        {
            gathering.Committed(released: 2, waiting: 2, Commit);
            while (gathering.Patience(2) == TimeSpan.Zero) { }
            gathering.Waited(2);
        }
    }
}
