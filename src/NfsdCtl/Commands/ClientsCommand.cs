using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl clients</c>: the NFSv4 clients; NLM's are in <c>hosts</c>.</summary>
public static class ClientsCommand
{
    public static Command Create()
    {
        var command = new Command("clients", "Show the NFSv4 clients (those of NFSv3 are in: hosts)");
        new AdminOptions().Complete(command, (client, _, writer) => writer.Table(
            [.. client.List("clients").OrderBy(n => long.Parse(n, CultureInfo.InvariantCulture)).Select(n => Record(client, n))],
            [Column.Of("Id", "id"), Column.Of("Address", "address"), Column.Of("Name", "name"), Column.Of("Status", "status"), Column.Of("Minor version", "minor version")]));
        return command;
    }

    private static JsonObject Record(AdminClient client, string number)
    {
        var record = RecordText.ParseMapping(client.Read($"clients/{number}/info"));
        record.Insert(0, "id", long.Parse(number, CultureInfo.InvariantCulture));
        return record;
    }
}
