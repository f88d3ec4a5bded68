using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary>Every fixed file of the admin filesystem as a command. A setting prints its value when no word is given, and writes the words otherwise.</summary>
public static class AdminCommandTable
{
    public static readonly IReadOnlyList<AdminCommand> All =
    [
        new("status", "Show the server on one screen", Shapes.Mapping),
        new(
            "settings", "Show the settings in force, one a line", Shapes.Table(
                RecordText.ParseList, Column.Of("Section", "section"), Column.Of("Key", "key"), Column.Of("Value", "value"))),
        new("unlock_ip", "Release everything that came in through a server address", Shapes.Answer, Word.Plain("ADDR", "an address of the server")),
        new("unlock_filesystem", "Release everything on the filesystem that holds a path", Shapes.Answer, Word.OfPath("any path on the filesystem")),
        new("unlock_export", "Release everything that was acquired through an export", Shapes.Answer, Word.OfPath("the exported path")),
        new(
            "resume_ip", "Let the clients of a server address reclaim their locks on a filesystem", Shapes.Answer,
            Word.Plain("ADDR", "an address of the server"),
            Word.OfPath("a path on the filesystem; left out: every exported filesystem").Optional(),
            Word.Plain("SECONDS", "how long, 10 to 3600; left out: the grace time").Optional()),
        new(
            "end_grace", "End the grace window of a server address and a filesystem, or all of them", Shapes.Answer,
            Word.Plain("ADDR", "an address of the server, or: all"), Word.OfPath("a path on the filesystem").Optional()),
        new("v4_end_grace", "Show whether NFSv4's part of the boot grace period is over, or end it", Shapes.Value, Word.Plain("Y", "Y: end it").Optional()),
        new("nlm_end_grace", "Show whether NLM's part of the boot grace period is over, or end it", Shapes.Value, Word.Plain("Y", "Y: end it").Optional()),
        new(
            "grace", "Show the grace windows and who is missing", Shapes.Table(
                RecordText.ParseList,
                Column.Of("Server", "server"), new Column("Filesystem", r => Column.Text(r["path"] ?? r["filesystem"])), Column.Of("Reason", "reason"),
                Column.Of("Reclaim", "reclaim"), Column.Of("Left", "seconds_left"), Column.Of("Done", "done"), Column.Of("Missing", "missing"))),
        new(
            "locks", "Show every lock that is held", Shapes.Table(
                RecordText.ParseList,
                new Column("File", File), new Column("Bytes", Range), Column.Of("Kind", "kind"), Column.Of("Client", "client"), Column.Of("Owner", "owner"),
                Column.Of("Protocol", "protocol"), Column.Of("Server", "server"), Column.Of("Age", "age"))),
        new(
            "waiters", "Show who waits for a lock, and who blocks them", Shapes.Table(
                RecordText.ParseList,
                new Column("File", File), new Column("Bytes", Range), Column.Of("Kind", "kind"), Column.Of("Client", "client"),
                Column.Of("Owner", "owner"), Column.Of("Server", "server"), Column.Of("Age", "age"), new Column("Blocked by", Blockers))),
        new(
            "leases", "Show the delegations", Shapes.Table(
                RecordText.ParseList,
                new Column("File", File), Column.Of("Kind", "kind"), Column.Of("Client", "client"), Column.Of("Server", "server"), Column.Of("Age", "age"),
                Column.Of("Recalled", "recalled"))),
        new(
            "hosts", "Show the NLM peers and their monitors by server address", Shapes.Table(
                RecordText.ParseList,
                Column.Of("Server", "server"), Column.Of("Client", "client"), Column.Of("Name", "caller_name"), Column.Of("Monitored", "monitored"),
                Column.Of("State", "state"), Column.Of("Locks", "locks"), Column.Of("Waiters", "waiters"), Column.Of("Shares", "shares"), Column.Of("Idle", "idle"))),
        new(
            "scopes", "Show the units of failover: server address and filesystem", Shapes.Table(
                RecordText.ParseList,
                Column.Of("Server", "server"), Column.Of("Filesystem", "filesystem"), Column.Of("Path", "path"), Column.Of("State", "state"),
                Column.Of("Epoch", "epoch"), Column.Of("Records", "records"), Column.Of("Locks", "locks"), Column.Of("Waiters", "waiters"),
                Column.Of("Shares", "shares"))),
        new(
            "exports", "Show what is exported to whom", Shapes.Table(
                RecordText.ParseExports, Column.Of("Path", "path"), Column.Of("Client", "client"), Column.Of("Options", "options"))),
        new("export", "Export a directory at once", Shapes.Answer, Word.Raw("LINE", "a line of exports(5), quoted: '/srv/data *(rw,sync)'")),
        new("unexport", "Take an export back at once", Shapes.Answer, Word.Plain("[CLIENT:]PATH", "a path for all clients, or one client's")),
        new("export_features", "Show the export flags that are understood, and those that may differ by flavour", Shapes.Words),
        new("export_stats", "Show what each export served", Shapes.Records(RecordText.ParseExportStats)),
        new(
            "filehandle", "Show the file handle of a path", Shapes.Answer,
            Word.Plain("DOMAIN", "a client as the exports spell it, such as '*'"),
            Word.OfPath("the path"),
            Word.Raw("MAXSIZE", "the longest handle, 32 to 64 bytes").Optional() with { Default = "64" }),
        new("threads", "Show or set the number of threads that execute requests", Shapes.Value, Word.Plain("N", "how many; 0: stop serving").Optional()),
        new("pool_threads", "Show or set the threads of each pool", Shapes.Words, Word.Plain("N", "how many, one number a pool").Repeated()),
        new("nfsv4leasetime", "Show or set the lease of NFSv4 clients", Shapes.Value, Word.Plain("SECONDS", "10 to 3600; not while serving").Optional()),
        new("nfsv4gracetime", "Show or set the length of a grace period", Shapes.Value, Word.Plain("SECONDS", "10 to 3600; not while serving").Optional()),
        new("max_block_size", "Show or set the largest READ and WRITE", Shapes.Value, Word.Plain("BYTES", "1024 to 1048576; not while serving").Optional()),
        new("versions", "Show or switch the versions of NFS that are offered", Shapes.Words, Word.Plain("[+-]N[.M]", "such as -4.0; not while serving").Repeated()),
        new(
            "portlist", "Show what is listened on, or listen on a further port", Shapes.Records(text => RecordText.ParseColumns(text, "transport", "port")),
            Word.Plain("TRANSPORT", "tcp or udp").Optional(), Word.Plain("PORT", "1 to 65535").Optional()),
        new("pool_stats", "Show requests and wake-ups of each pool of threads", Shapes.Records(
            text => RecordText.ParseColumns(text, "pool", "packets-arrived", "sockets-enqueued", "threads-woken", "threads-timedout"))),
        new("reply_cache_stats", "Show size and hits of the duplicate request cache", Shapes.Fields),
        new("filecache", "Show size and hits of the cache of open files", Shapes.Fields),
        new("supported_krb5_enctypes", "Show the encryption types of Kerberos", Shapes.Words),
        // A command called help would be taken for the help on commands, which needs no server.
        new("help", "Show every admin file with mode, kind and purpose", Shapes.Records(text => RecordText.ParseColumns(text, "file", "mode", "kind", "help")))
        {
            Name = "files",
        },
    ];

    /// <summary>The path, or the handle of a file whose path cannot be told.</summary>
    private static string File(JsonObject held) => Column.Text(held["path"] ?? held["file"]);

    private static string Range(JsonObject held) => $"{held["first"]}-{held["last"]}";

    private static string Blockers(JsonObject waiter) => string.Join("; ", (waiter["blockers"] as JsonArray ?? []).OfType<JsonObject>().Select(b =>
        $"{Column.Text(b["client"])} {Column.Text(b["owner"])} {Column.Text(b["kind"])} {Range(b)} via {Column.Text(b["server"])}"));
}
