using Microsoft.CodeAnalysis.CSharp;

namespace NfsdCtl.Xdr.Generator;

internal static class Keywords
{
    private static readonly HashSet<string> BuiltIn =
        ["bool", "double", "float", "hyper", "int", "opaque", "quadruple", "string", "unsigned"];

    private static readonly HashSet<string> Structure =
        ["case", "const", "default", "enum", "program", "struct", "switch", "typedef", "union", "version", "void"];

    public static bool IsBuiltIn(string word) => BuiltIn.Contains(word);

    /// <summary>
    /// Words that cannot be names (RFC 4506 §6.4). <c>program</c> and <c>version</c> are reserved by RFC 5531 §12.3 for their
    /// place only; descriptions in use (rpcbind) have members of these names.
    /// </summary>
    public static bool IsReserved(string word) =>
        BuiltIn.Contains(word) || (Structure.Contains(word) && word is not ("program" or "version"));

    /// <summary>The name as C# spells it: its own keywords get an @.</summary>
    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None ? "@" + name : name;
}
