using System.Globalization;
using NfsdCtl.AdminFs.Text;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs.Files;

/// <summary>What several commands take and answer alike.</summary>
internal static class Arguments
{
    public static bool TryServerAddress(string word, out NetAddress server, out Answer error)
    {
        error = default;
        if (!NetAddress.TryParse(word, out server))
            error = Answer.Invalid($"'{word}' is not an IP address; an address of the server is meant");
        else if (server.IsWildcard)
            error = Answer.Invalid("the wildcard address stands for no server address in particular");
        return error.Ok;
    }

    /// <summary>A path, made absolute.</summary>
    public static bool TryPath(AdminHost host, string word, Order order, out string path, out Answer error)
    {
        error = default;
        path = host.Resolve(word, order.Caller) ?? "";
        if (path.Length == 0)
            error = Answer.Fail(Errno.ENOENT, $"'{word}' is relative, and the directory of process {order.Caller.Pid} cannot be told");
        return error.Ok;
    }

    public static string Released(string what, ReleaseReport r) => string.Create(CultureInfo.InvariantCulture,
        $"released {what}={Qword.Encode(r.Target)} locks={r.Locks} waiters={r.Waiters} shares={r.Shares} opens={r.Opens} delegations={r.Delegations} sessions={r.Sessions} clients={r.Clients} ms={r.Elapsed.TotalMilliseconds:0.###}\n");

    /// <summary>The kernel's "Y" files: one order, given by Y, y or 1.</summary>
    public static Answer EndGrace(CommandText text, Func<Outcome<Done>> end) =>
        text.Line is ['Y' or 'y' or '1', ..] ? Answer.From(end(), _ => "Y\n") : Answer.Invalid("write Y to end the grace period");
}
