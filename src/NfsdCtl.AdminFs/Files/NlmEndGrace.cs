using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>nlm_end_grace</c>: the same for NLM; the kernel's is /proc/fs/lockd/nlm_end_grace.</summary>
internal sealed class NlmEndGrace(AdminHost host) : TransactionFile(
    host, "nlm_end_grace", 0x1A4, AdminFileKind.Command, "Y: end NLM's part of the boot grace period; read: Y when it is over")
{
    protected override Answer Execute(CommandText text, Order order) => Arguments.EndGrace(text, () => Control.NlmEndGrace(order));

    public override Answer Report() => Answer.Of(Control.IsNlmGraceEnded ? "Y\n" : "N\n");
}
