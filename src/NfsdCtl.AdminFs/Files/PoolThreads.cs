using System.Globalization;
using NfsdCtl.AdminFs.Text;
using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>pool_threads</c>: threads of each pool. Fewer numbers than pools leave the others alone.</summary>
internal sealed class PoolThreads(AdminHost host) : TransactionFile(
    host, "pool_threads", 0x180, AdminFileKind.Setting, "worker threads of each pool, one number a pool")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        int pools = Control.PoolThreads().Count;
        if (!text.TryWords(0, pools, "N [N…]\\n", needsNewline: false, out var words, out var error))
            return error;
        var threads = new List<int>();
        foreach (string word in words)
        {
            if (!Numbers.TryParse(word, out long value) || value is < 0 or > 65535)
                return Answer.Invalid($"'{word}' is not a number from 0 to 65535");
            threads.Add((int)value);
        }
        // No number at all asks for the present ones, as with the kernel.
        return threads.Count == 0 ? Report() : Answer.From(Control.SetPoolThreads(threads, order), r => Show(r.Threads));
    }

    public override Answer Report() => Answer.Of(Show(Control.PoolThreads()));

    private static string Show(IReadOnlyList<int> threads) =>
        string.Join(' ', threads.Select(n => n.ToString(CultureInfo.InvariantCulture))) + "\n";
}
