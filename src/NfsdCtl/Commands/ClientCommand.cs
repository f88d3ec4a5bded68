using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl client N [info|states|expire]</c>: the files of one NFSv4 client.</summary>
public static class ClientCommand
{
    public static Command Create()
    {
        var number = new Argument<long>("N") { Description = "the client's number, as 'nfsdctl clients' shows it" };
        var what = new Argument<string>("WHAT") { Description = "info: who it is; states: what it holds; expire: remove it with all its state", DefaultValueFactory = _ => "info" };
        what.AcceptOnlyFromAmong("info", "states", "expire");
        var command = new Command("client", "Show an NFSv4 client or what it holds, or remove it") { number, what };
        new AdminOptions().Complete(command, (client, result, writer) =>
        {
            string directory = $"clients/{result.GetValue(number)}/";
            switch (result.GetValue(what))
            {
                case "states":
                    Shapes.Records(RecordText.ParseStates)(writer, client.Read(directory + "states"));
                    break;
                case "expire":
                    Shapes.Answer(writer, client.Command(directory + "ctl", "expire\n"));
                    break;
                default:
                    Shapes.Mapping(writer, client.Read(directory + "info"));
                    break;
            }
        });
        return command;
    }
}
