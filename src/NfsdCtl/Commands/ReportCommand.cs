using System.CommandLine;
using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary>Makes commands that show the report of one admin file.</summary>
public static class ReportCommand
{
    public static Command Create(
        string name, string help, Func<string, IReadOnlyList<JsonObject>> parse, params IReadOnlyList<Column> columns)
    {
        var command = new Command(name, help);
        new AdminOptions().Complete(command, (client, _, writer) => writer.Table(parse(client.Read(name)), columns));
        return command;
    }
}
