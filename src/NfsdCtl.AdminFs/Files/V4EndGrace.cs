using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>v4_end_grace</c>: whether NFSv4's grace period is over, and its end. Unlike the kernel's it is over when write returns.</summary>
internal sealed class V4EndGrace(AdminHost host) : TransactionFile(
    host, "v4_end_grace", 0x1A4, AdminFileKind.Command, "Y: end NFSv4's part of the boot grace period; read: Y when it is over")
{
    protected override Answer Execute(CommandText text, Order order) => Arguments.EndGrace(text, () => Control.V4EndGrace(order));

    public override Answer Report() => Answer.Of(Control.IsV4GraceEnded ? "Y\n" : "N\n");
}
