using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace NfsdCtl.Xdr.Generator;

/// <summary>Where something stands in its .x file.</summary>
/// <param name="Start">The offset in characters.</param>
/// <param name="Length">The length in characters, at least 1 except at the end of the file.</param>
/// <param name="Line">The line, from 0.</param>
/// <param name="Column">The column, from 0.</param>
internal readonly record struct Place(int Start, int Length, int Line, int Column);

/// <summary>What is wrong with a description: one of the rules, where, and the words to fill in.</summary>
internal sealed record Problem(DiagnosticDescriptor Rule, Place Place, string Detail);

/// <summary>Stops the parser at its first error: what follows a syntax error is guesswork.</summary>
internal sealed class SyntaxErrorException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}

/// <summary>The rules. Their numbers never change meaning; AnalyzerReleases.Shipped.md lists them.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor Syntax = Rule("XDR001", "Syntax error");
    public static readonly DiagnosticDescriptor UnknownType = Rule("XDR002", "Unknown type");
    public static readonly DiagnosticDescriptor Duplicate = Rule("XDR003", "Duplicate name");
    public static readonly DiagnosticDescriptor UnknownConstant = Rule("XDR004", "Unknown constant");
    public static readonly DiagnosticDescriptor Range = Rule("XDR005", "Number out of range");
    public static readonly DiagnosticDescriptor Unsupported = Rule("XDR006", "Not supported");
    public static readonly DiagnosticDescriptor Recursion = Rule("XDR007", "Recursive type");
    public static readonly DiagnosticDescriptor Name = Rule("XDR008", "Name not allowed");
    public static readonly DiagnosticDescriptor Case = Rule("XDR009", "Bad case label");
    public static readonly DiagnosticDescriptor Namespace = Rule("XDR010", "No namespace");

    public static Diagnostic At(this Problem problem, string path)
    {
        var place = problem.Place;
        var span = new LinePositionSpan(
            new LinePosition(place.Line, place.Column),
            new LinePosition(place.Line, place.Column + place.Length));
        return Diagnostic.Create(
            problem.Rule, Location.Create(path, new TextSpan(place.Start, place.Length), span), problem.Detail);
    }

    private static DiagnosticDescriptor Rule(string id, string title) =>
        new(id, title, "{0}", "Xdr", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
