using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs;

/// <summary>
/// A file where one write(2) is one command: it runs to its end before write returns, and what it answers is read back on the same descriptor.
/// </summary>
public abstract class TransactionFile(AdminHost host, string name, uint mode, AdminFileKind kind, string help) : AdminFile(name, mode, kind, help)
{
    protected AdminHost Host { get; } = host;

    protected IServerControl Control => Host.Control;

    /// <summary>The path below the mount, by which the audit knows the file.</summary>
    protected virtual string Path => Name;

    /// <summary>What a read without a write gives.</summary>
    public virtual Answer Report() => Answer.Invalid("there is nothing to read before a command was written");

    /// <summary>Parses and carries out one command.</summary>
    protected abstract Answer Execute(CommandText text, Order order);

    public override IAdminHandle Open() => new TransactionHandle(this);

    /// <summary>Runs one command, with its audit record and <c>last/NAME</c>.</summary>
    public Answer Run(ReadOnlySpan<byte> written, Caller caller, CancellationToken interrupted)
    {
        var text = new CommandText(written);
        var started = Host.Time.GetTimestamp();
        // Kept when Execute throws: a bug leaves its trace in the audit too.
        var answer = Answer.Fail(Errno.EIO, "internal error; see the log");
        try
        {
            answer = Execute(text, new Order(caller, text.IsDryRun, interrupted));
            return answer;
        }
        finally
        {
            Host.Record(Name, new AuditRecord(
                Host.Time.GetUtcNow(), Path, caller, text.IsDryRun, text.Line, answer.Error, answer.Message, answer.Text, Host.Time.GetElapsedTime(started)));
        }
    }
}
