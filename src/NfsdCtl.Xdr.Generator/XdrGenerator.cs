using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace NfsdCtl.Xdr.Generator;

/// <summary>
/// Turns each .x file among the AdditionalFiles into one C# file: constants, enums, programs, and for each struct and union
/// a type that reads itself from, and writes itself to, the XDR cursors of NfsdCtl.Wire. The C# namespace is the item's
/// metadata <c>XdrNamespace</c>. docs of what comes out: <see cref="Emitter"/>.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class XdrGenerator : IIncrementalGenerator
{
    private const string NamespaceKey = "build_metadata.AdditionalFiles.XdrNamespace";

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var inputs = context.AdditionalTextsProvider
            .Where(static file => file.Path.EndsWith(".x", StringComparison.Ordinal))
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static (pair, cancel) => new Input(
                pair.Left.Path,
                pair.Left.GetText(cancel)?.ToString() ?? string.Empty,
                pair.Right.GetOptions(pair.Left).TryGetValue(NamespaceKey, out string? name) ? name : string.Empty));
        context.RegisterSourceOutput(inputs, static (output, input) => Produce(output, input));
    }

    private static void Produce(SourceProductionContext output, Input input)
    {
        var (source, problems) = Translate(input);
        foreach (var problem in problems)
            output.ReportDiagnostic(problem.At(input.Path));
        if (source is not null)
            output.AddSource($"{input.Namespace}.{input.Stem}.g.cs", SourceText.From(source, Encoding.UTF8));
    }

    private static (string? Source, IReadOnlyList<Problem> Problems) Translate(Input input)
    {
        if (input.Namespace.Length == 0)
            return (null, [new Problem(Rules.Namespace, default, $"{input.Stem}.x needs the metadata XdrNamespace")]);
        try
        {
            var (model, problems) = Binder.Bind(Parser.Parse(input.Text));
            return (model is null ? null : Emitter.Emit(model, input.Namespace, input.Stem), problems);
        }
        catch (SyntaxErrorException error)
        {
            return (null, [error.Problem]);
        }
    }

    /// <summary>All that the output depends on; equal inputs are not translated again.</summary>
    private sealed record Input(string Path, string Text, string Namespace)
    {
        public string Stem => System.IO.Path.GetFileNameWithoutExtension(Path);
    }
}
