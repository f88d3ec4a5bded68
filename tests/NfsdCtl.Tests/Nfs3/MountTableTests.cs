using System.Text;
using NfsdCtl.Protocols.Mount;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nfs3;

[TestFixture]
public class MountTableTests
{
    private static readonly NetAddress A = NetAddress.FromV4(0x0A000001);
    private static readonly NetAddress B = NetAddress.FromV4(0x0A00000A);

    [Test]
    public void An_entry_is_there_once_until_it_is_removed()
    {
        var table = new MountTable();
        table.Add(new(A, "/srv"));
        table.Add(new(A, "/srv"));
        table.Add(new(B, "/srv"));
        Assert.That(table.Snapshot(), Is.EqualTo(new[] { new MountEntry(A, "/srv"), new MountEntry(B, "/srv") }));
        table.Remove(new(A, "/srv"));
        table.Remove(new(A, "/none"));
        Assert.That(table.Snapshot(), Is.EqualTo(new[] { new MountEntry(B, "/srv") }));
    }

    [Test]
    public void A_client_removes_its_own_entries_only()
    {
        var table = new MountTable();
        table.Add(new(A, "/a"));
        table.Add(new(B, "/b"));
        table.Add(new(A, "/c"));
        table.RemoveAll(A);
        Assert.That(table.Snapshot(), Is.EqualTo(new[] { new MountEntry(B, "/b") }));
    }

    [Test]
    public void A_full_table_forgets_its_oldest_entry()
    {
        var table = new MountTable();
        for (int i = 0; i <= MountTable.Capacity; i++)
            table.Add(new(A, $"/{i}"));
        Assert.That(table.Snapshot(), Has.Count.EqualTo(MountTable.Capacity));
        Assert.That(table.Snapshot()[0].Path, Is.EqualTo("/1"));
    }

    [Test]
    public void Dump_stops_where_the_transport_does()
    {
        var table = new MountTable();
        for (int i = 0; i < 1000; i++)
            table.Add(new(A, $"/directory/{i}"));
        using var channel = InMemoryChannel.Loopback(new MountProgram(null!, () => [], table));
        channel.Limit = 8192;
        var reader = new XdrReader(channel.Call(100005, 3, 2, []).Result);
        Assert.That(mountlistres.Read(ref reader, out var list) && reader.Remaining == 0, Is.True);
        int count = 0;
        foreach (var entry in list.entries)
        {
            Assert.That(Encoding.ASCII.GetString(entry.ml_hostname), Is.EqualTo("10.0.0.1"));
            Assert.That(Encoding.ASCII.GetString(entry.ml_directory), Is.EqualTo($"/directory/{count++}"));
        }
        Assert.That(count, Is.InRange(100, 300));
    }

    [Test]
    public void Export_names_each_directory_once_with_its_clients([Values(1u, 3u)] uint version)
    {
        Export[] exports =
        [
            new("/srv/a", new(ClientKind.Anyone, "*"), ExportOptions.Default),
            new("/srv/b", new(ClientKind.Host, "10.0.0.1"), ExportOptions.Default),
            new("/srv/a", new(ClientKind.Subnet, "10.0.0.0/8"), ExportOptions.Default),
        ];
        using var channel = InMemoryChannel.Loopback(new MountProgram(null!, () => exports, new MountTable()));
        var reader = new XdrReader(channel.Call(100005, version, 5, []).Result);
        Assert.That(exportsres.Read(ref reader, out var list) && reader.Remaining == 0, Is.True);
        var seen = new List<string>();
        foreach (var entry in list.entries)
        {
            string line = Encoding.UTF8.GetString(entry.ex_dir);
            foreach (var group in entry.ex_groups)
                line += " " + Encoding.UTF8.GetString(group.gr_name);
            seen.Add(line);
        }
        Assert.That(seen, Is.EqualTo(new[] { "/srv/a * 10.0.0.0/8", "/srv/b 10.0.0.1" }));
    }
}
