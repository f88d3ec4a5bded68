using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>export</c>: adds the exports of one line of exports(5) at once.</summary>
internal sealed class Export(AdminHost host) : TransactionFile(
    host, "export", 0x180, AdminFileKind.Command, "PATH CLIENT(OPTIONS)…: export this at once, in the syntax of exports(5)")
{
    protected override Answer Execute(CommandText text, Order order) => string.IsNullOrWhiteSpace(text.Line) || text.Line.Contains('\n', StringComparison.Ordinal)
        ? Answer.Invalid("one line of exports(5) is expected: PATH CLIENT(OPTIONS)…")
        : Answer.From(Control.Export(text.Line, order), r => string.Concat(r.Exports.Select(e => $"exported {e}\n")));
}
