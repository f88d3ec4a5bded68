using NfsdCtl.State.Records;
using NfsdCtl.Storage;

namespace NfsdCtl.Tests.Storage;

public sealed class ScopeRecordStoreTests
{
    private static readonly NetAddress Server = NetAddress.FromV4(0x0A000001);
    private static readonly Scope Here = new(Server, RecordDirectory.FileSystem);

    private RecordDirectory directory = null!;

    [SetUp]
    public void MakeDirectory() => directory = new RecordDirectory();

    [TearDown]
    public void RemoveDirectory() => directory.Dispose();

    [Test]
    public void A_scope_without_records_is_empty_and_says_so()
    {
        Assert.That(new ScopeRecordStore(directory).Load(Here, out var record), Is.EqualTo(RecordStatus.Ok));
        Assert.That(record.Exists, Is.False);
        Assert.That(Directory.EnumerateFileSystemEntries(directory.Path), Is.Empty, "a look must not write");
    }

    [Test]
    public void Everything_that_was_acknowledged_is_there_after_a_restart()
    {
        var window = new WindowRecord(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "resume_ip", AnyoneMayReclaim: true);
        var store = new ScopeRecordStore(directory);
        Assert.That(store.Remember(Here, Client(1) with { State = 7, Held = 12 }), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.Remember(Here, Client(2)), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.Remember(Here, Client(3)), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.Forget(Here, Client(3).Name), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.Forfeit(Here, Client(2).Name), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.OpenWindow(Here, window), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.NextNsmState(Here, 0, out uint state), Is.EqualTo(RecordStatus.Ok));

        Assert.That(new ScopeRecordStore(directory).Load(Here, out var record), Is.EqualTo(RecordStatus.Ok));
        Assert.That(record.Clients, Is.EquivalentTo(new[] { Client(1) with { State = 7, Held = 12 }, Client(2) with { Forfeited = true } }));
        Assert.That(record.Window, Is.EqualTo(window));
        Assert.That(record.NsmState, Is.EqualTo(state));
    }

    [Test]
    public void A_window_end_drops_the_window_the_counts_and_who_did_not_come_back()
    {
        var store = new ScopeRecordStore(directory);
        for (byte i = 1; i <= 3; i++)
            store.NoteHeld(Here, Client(i).Name, i);
        store.Forfeit(Here, Client(3).Name);
        store.OpenWindow(Here, new WindowRecord(DateTimeOffset.UnixEpoch.AddDays(20000), "boot"));
        Assert.That(store.EndWindow(Here, [Client(2).Name], []), Is.EqualTo(RecordStatus.Ok));

        new ScopeRecordStore(directory).Load(Here, out var record);
        Assert.That(record.Window, Is.Null);
        Assert.That(record.Clients, Is.EquivalentTo(new[] { Client(1), Client(3) }));
    }

    [Test]
    public void State_numbers_are_odd_and_rise_over_restarts_and_over_what_a_client_saw()
    {
        Assert.That(Next(0), Is.EqualTo(1));
        Assert.That(Next(0), Is.EqualTo(3));
        Assert.That(Next(10), Is.EqualTo(11));
        Assert.That(Next(11), Is.EqualTo(13));
        Assert.That(Next(0), Is.EqualTo(15));

        uint Next(uint above)
        {
            Assert.That(new ScopeRecordStore(directory).NextNsmState(Here, above, out uint state), Is.EqualTo(RecordStatus.Ok));
            return state;
        }
    }

    /// <summary>A crash can leave any first part of the file: what comes back is a first part of the history, whole records only.</summary>
    [Test]
    public void A_file_cut_at_any_byte_loses_only_the_end_of_the_history()
    {
        var history = new List<RecordEntry>();
        var lengths = WriteHistory(history);
        byte[] whole = File.ReadAllBytes(directory.FileOf(Server));
        int used = lengths[^1];
        for (int cut = RecordCodec.HeaderSize; cut <= used + 8; cut++)
        {
            File.WriteAllBytes(directory.FileOf(Server), whole[..Math.Min(cut, whole.Length)]);
            Assert.That(new ScopeRecordStore(directory).Load(Here, out var record), Is.EqualTo(RecordStatus.Ok));
            Assert.That(record.Clients, Is.EquivalentTo(Expected(history, lengths.Count(l => l <= cut) - 1)), $"cut at {cut}");
        }
    }

    [Test]
    public void A_torn_end_never_shows_again_after_new_records()
    {
        var history = new List<RecordEntry>();
        var lengths = WriteHistory(history);
        byte[] whole = File.ReadAllBytes(directory.FileOf(Server));
        for (int torn = lengths[1]; torn < lengths[2]; torn++)
        {
            byte[] bad = [.. whole];
            bad[torn] ^= 0x5A;
            File.WriteAllBytes(directory.FileOf(Server), bad);
            var store = new ScopeRecordStore(directory);
            Assert.That(store.Remember(Here, Client(2)), Is.EqualTo(RecordStatus.Ok));
            new ScopeRecordStore(directory).Load(Here, out var record);
            Assert.That(record.Clients, Is.EquivalentTo(Expected(history, 1).Append(Client(2))), $"torn at {torn}");
        }
    }

    [Test]
    public void A_log_that_is_full_is_made_compact_and_stays_bounded()
    {
        var store = new ScopeRecordStore(directory);
        for (uint round = 0; round < 400; round++)
            Assert.That(store.Remember(Here, Client(1) with { State = round }), Is.EqualTo(RecordStatus.Ok));
        Assert.That(new FileInfo(directory.FileOf(Server)).Length, Is.LessThan(20 << 10));
        new ScopeRecordStore(directory).Load(Here, out var record);
        Assert.That(record.Clients.Single().State, Is.EqualTo(399));
    }

    [Test]
    public void Two_nodes_in_turn_see_each_others_records_without_being_told()
    {
        var first = new ScopeRecordStore(directory);
        var second = new ScopeRecordStore(directory);
        first.Remember(Here, Client(1));
        second.Remember(Here, Client(2));
        first.Remember(Here, Client(3));
        second.Load(Here, out var record);
        Assert.That(record.Clients, Is.EquivalentTo(new[] { Client(1), Client(2), Client(3) }));
    }

    [Test]
    public void Many_threads_share_writes_and_lose_nothing()
    {
        var store = new ScopeRecordStore(directory);
        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 25; i++)
                store.Remember(Here, Client(t * 100 + i));
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        new ScopeRecordStore(directory).Load(Here, out var record);
        Assert.That(record.Clients, Has.Count.EqualTo(200));
    }

    [Test]
    public void Addresses_are_listed_by_value_with_v6_and_link_local()
    {
        var addresses = new[] { "10.0.0.1", "10.0.0.10", "2001:db8::1", "fe80::1%3" }
            .Select(t => NetAddress.TryParse(t, out var a) ? a : throw new ArgumentException(t)).ToArray();
        var store = new ScopeRecordStore(directory);
        foreach (var address in addresses)
            store.Remember(new Scope(address, RecordDirectory.FileSystem), Client(1));
        File.WriteAllText(directory.FileOf(Server) + ".new", "left by a crash");
        Assert.That(store.Addresses(RecordDirectory.FileSystem, out var found), Is.EqualTo(RecordStatus.Ok));
        Assert.That(found, Is.EquivalentTo(addresses));
    }

    [TestCase(Linux.Errno.ENOSPC, RecordStatus.NoSpace)]
    [TestCase(Linux.Errno.EDQUOT, RecordStatus.NoSpace)]
    [TestCase(Linux.Errno.EROFS, RecordStatus.ReadOnly)]
    [TestCase(Linux.Errno.ENOENT, RecordStatus.Unavailable)]
    [TestCase(Linux.Errno.EIO, RecordStatus.IoError)]
    public void Where_there_is_no_place_nothing_is_promised(int errno, RecordStatus status)
    {
        directory.Errno = errno;
        var store = new ScopeRecordStore(directory);
        Assert.That(store.Remember(Here, Client(1)), Is.EqualTo(status));
        Assert.That(store.Load(Here, out _), Is.EqualTo(status));
        Assert.That(store.Addresses(RecordDirectory.FileSystem, out _), Is.EqualTo(status));
        directory.Errno = 0;
        store.Load(Here, out var record);
        Assert.That(record.Clients, Is.Empty);
    }

    [Test]
    public void A_file_that_is_not_a_log_is_an_error_and_is_kept()
    {
        new ScopeRecordStore(directory).Remember(Here, Client(1));
        File.WriteAllText(directory.FileOf(Server), "something else altogether");
        var store = new ScopeRecordStore(directory);
        Assert.That(store.Load(Here, out _), Is.EqualTo(RecordStatus.IoError));
        Assert.That(store.Remember(Here, Client(2)), Is.EqualTo(RecordStatus.IoError));
        Assert.That(File.ReadAllText(directory.FileOf(Server)), Is.EqualTo("something else altogether"));
    }

    private static ClientRecord Client(int number) =>
        new(new ClientName(NetAddress.FromV4(0xC0A80000u + (uint)number), $"client{number}.örtlich"));

    /// <summary>The clients after the first <paramref name="count"/> entries.</summary>
    private static IEnumerable<ClientRecord> Expected(List<RecordEntry> history, int count)
    {
        var image = new ScopeImage();
        foreach (var entry in history.Take(count))
            image.Apply(entry);
        return image.ToRecord().Clients;
    }

    /// <summary>Three clients and a change; gives the length of the used part of the file before and after each entry.</summary>
    private List<int> WriteHistory(List<RecordEntry> history)
    {
        var store = new ScopeRecordStore(directory);
        var lengths = new List<int> { RecordCodec.HeaderSize };
        foreach (var client in new[] { Client(10), Client(11), Client(12), Client(10) with { State = 5 } })
        {
            store.Remember(Here, client);
            history.Add(new RecordEntry.Client(client));
        }
        var frames = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var entry in history)
        {
            RecordCodec.WriteFrame(frames, 1, entry);
            lengths.Add(RecordCodec.HeaderSize + frames.WrittenCount);
        }
        return lengths;
    }
}
