using System.Globalization;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs.Files;

/// <summary>A setting that is a number in a range.</summary>
internal abstract class NumberSetting(AdminHost host, string name, uint mode, Setting setting, long low, long high, string help)
    : TransactionFile(host, name, mode, AdminFileKind.Setting, help)
{
    /// <summary>True: EBUSY while the server serves, before the text is looked at, as the kernel does.</summary>
    protected virtual bool OnlyBeforeServing => false;

    /// <summary>What is made of a number in the range before it is set.</summary>
    protected virtual long Adjust(long value) => value;

    protected override Answer Execute(CommandText text, Order order)
    {
        if (OnlyBeforeServing && Control.IsServing)
            return Answer.Fail(Errno.EBUSY, $"{Name} cannot be changed while the server serves");
        return text.TryNumber(low, high, out long value, out var error)
            ? Answer.From(Control.Set(setting, Adjust(value), order), r => Show(r.Value))
            : error;
    }

    public override Answer Report() => Answer.Of(Show(Control.Get(setting)));

    private static string Show(long value) => value.ToString(CultureInfo.InvariantCulture) + "\n";
}
