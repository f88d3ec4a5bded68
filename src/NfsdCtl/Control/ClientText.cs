using System.Globalization;
using System.Text;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Hosting;

/// <summary>The files of <c>clients/N/</c> as the kernel writes them, so that nfsdclnts(8) reads them.</summary>
internal static class ClientText
{
    /// <summary>Path components that the kernel shows of a file (%pD2).</summary>
    private const int ShownComponents = 2;

    public static string Info(Nfs4ClientInfo client)
    {
        var text = new StringBuilder();
        Line(text, $"clientid: 0x{client.Id:x}");
        Line(text, $"address: \"{client.Address}\"");
        Line(text, $"server address: \"{client.Server}\"");
        Line(text, $"status: {StatusOf(client.Status)}");
        Line(text, $"seconds from last renew: {(long)client.SinceRenewal.TotalSeconds}");
        Line(text, $"name: {Quote(client.Owner)}");
        Line(text, $"minor version: {client.MinorVersion}");
        if (client.ImplementationName.Length != 0)
        {
            Line(text, $"Implementation domain: {Quote(Encoding.UTF8.GetBytes(client.ImplementationDomain))}");
            Line(text, $"Implementation name: {Quote(Encoding.UTF8.GetBytes(client.ImplementationName))}");
            Line(text, $"Implementation time: [0, 0]");
        }
        Line(text, $"callback state: {StatusOf(client.Callback)}");
        if (client.CallbackAddress.Length != 0)
            Line(text, $"callback address: {Quote(client.CallbackAddress)}");
        Line(text, $"admin-revoked states: {client.Revoked}");
        Line(text, $"sessions: {client.Sessions}");
        return text.ToString();
    }

    /// <param name="locate">The device, inode and path of a file, or null when it cannot be told; a file without a path is shown by its key.</param>
    public static string States(IEnumerable<Nfs4StateInfo> states, Func<FileKey, (uint Major, uint Minor, ulong Inode, string? Path)?> locate)
    {
        var text = new StringBuilder();
        Span<byte> other = stackalloc byte[StateId.Size];
        foreach (var state in states)
        {
            state.Id.Write(other);
            text.Append(CultureInfo.InvariantCulture, $"- 0x{state.Id.Sequence:x8}{Convert.ToHexStringLower(other[4..])}: {{ ");
            if (state.Closed)
                text.Append("closed, ");
            text.Append(state.Kind == StateKind.Open ? "type: open, " : "type: lock, ");
            if (state.Kind == StateKind.Open)
                text.Append(CultureInfo.InvariantCulture, $"access: {Letters((int)state.Access)}, deny: {Letters((int)state.Deny)}, ");
            if (state.File is { } file)
                Place(text, file, locate(file));
            text.Append(CultureInfo.InvariantCulture, $"owner: {Quote(state.Owner)}");
            text.Append(state.AdminRevoked ? ", admin-revoked" : state.Expired ? ", expired" : "").Append(" }\n");
        }
        return text.ToString();
    }

    private static void Place(StringBuilder text, in FileKey file, (uint Major, uint Minor, ulong Inode, string? Path)? found)
    {
        if (found is { } place)
            text.Append(CultureInfo.InvariantCulture, $"superblock: \"{place.Major:x2}:{place.Minor:x2}:{place.Inode}\", ");
        text.Append(CultureInfo.InvariantCulture, $"filename: {Quote(Encoding.UTF8.GetBytes(found?.Path is { } path ? Shown(path) : file.ToString()))}, ");
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string StatusOf(Nfs4ClientStatus status) => status switch
    {
        Nfs4ClientStatus.Unconfirmed => "unconfirmed",
        Nfs4ClientStatus.Courtesy => "courtesy",
        _ => "confirmed",
    };

    private static string StatusOf(CallbackState state) => state switch
    {
        CallbackState.Up => "UP",
        CallbackState.Down => "DOWN",
        CallbackState.Fault => "FAULT",
        _ => "UNKNOWN",
    };

    private static string Letters(int bits) => $"{((bits & 1) != 0 ? "r" : "-")}{((bits & 2) != 0 ? "w" : "-")}";

    private static string Shown(string path)
    {
        int at = path.Length;
        for (int i = 0; i < ShownComponents && at > 0; i++)
            at = path.LastIndexOf('/', at - 1);
        return at > 0 ? path[(at + 1)..] : path;
    }

    /// <summary>As the kernel's seq_quote_mem: what cannot be printed, quotes and backslashes as \xNN.</summary>
    private static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("\"");
        foreach (byte b in bytes)
        {
            if (b is < 0x20 or > 0x7E or (byte)'"' or (byte)'\\')
                text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            else
                text.Append((char)b);
        }
        return text.Append('"').ToString();
    }
}
