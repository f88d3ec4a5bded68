using System.Text;

namespace NfsdCtl.Protocols.Mount;

/// <summary>Paths are bytes on the wire and text in tables: Latin-1 keeps every byte as one character.</summary>
internal static class PathText
{
    public static string Of(ReadOnlySpan<byte> path) => Encoding.Latin1.GetString(path);

    public static byte[] Bytes(string path) => Encoding.Latin1.GetBytes(path);
}
