using System.Globalization;
using NfsdCtl.AdminFs.Text;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs.Files;

/// <summary>
/// <c>portlist</c>: transports and ports. The kernel also takes the number of a descriptor that rpc.nfsd bound; this server binds its own sockets and says so.
/// </summary>
internal sealed class PortList(AdminHost host) : TransactionFile(
    host, "portlist", 0x1A4, AdminFileKind.Setting, "TRANSPORT PORT: listen there too; read: what is listened on")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (text.Line is [>= '0' and <= '9', ..])
            return Answer.Fail(Errno.EOPNOTSUPP, "descriptors of other processes are not taken over; write: tcp PORT");
        if (!text.TryWords(2, 2, "TRANSPORT PORT", needsNewline: false, out var words, out var error))
            return error;
        if (!Numbers.TryParse(words[1], out long port) || port is < 1 or > 65535)
            return Answer.Invalid($"'{words[1]}' is not a port from 1 to 65535");
        return words[0] is "tcp" or "udp"
            ? Answer.From(Control.AddListener(words[0], (int)port, order), _ => "")
            : Answer.Fail(Errno.EPROTONOSUPPORT, $"the transport '{words[0]}' is neither tcp nor udp");
    }

    public override Answer Report() => Answer.Of(string.Concat(Control.Listeners().Select(l =>
        string.Create(CultureInfo.InvariantCulture, $"{l.Transport} {l.Port}\n"))));
}
