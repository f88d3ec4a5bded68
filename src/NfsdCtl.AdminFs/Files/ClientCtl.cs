using System.Globalization;
using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>clients/N/ctl</c>: removes an NFSv4 client with all its state before write returns.</summary>
internal sealed class ClientCtl(AdminHost host, long id) : TransactionFile(
    host, FileName, 0x80, AdminFileKind.Command, "expire: remove this client with all its state")
{
    /// <summary>The name in the client's directory, and in <c>last/</c>.</summary>
    public const string FileName = "ctl";

    protected override string Path { get; } = string.Create(CultureInfo.InvariantCulture, $"clients/{id}/ctl");

    protected override Answer Execute(CommandText text, Order order) => text.EndsWithNewline && text.Line == "expire"
        ? Answer.From(Control.ExpireClient(id, order), r => Arguments.Released("client", r))
        : Answer.Invalid("the only order is: expire\\n");
}
