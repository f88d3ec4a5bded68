using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>clients/N/ctl</c>: removes an NFSv4 client with all its state before write returns.</summary>
internal sealed class ClientCtl(AdminHost host, long id) : TransactionFile(
    host, "ctl", 0x80, AdminFileKind.Command, "expire: remove this client with all its state")
{
    protected override Answer Execute(CommandText text, Order order) => text.EndsWithNewline && text.Line == "expire"
        ? Answer.From(Control.ExpireClient(id, order), _ => "")
        : Answer.Invalid("the only order is: expire\\n");
}
