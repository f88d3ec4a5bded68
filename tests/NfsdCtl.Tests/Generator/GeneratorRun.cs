using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using NfsdCtl.Wire.Xdr;
using NfsdCtl.Xdr.Generator;

namespace NfsdCtl.Tests.Generator;

/// <summary>Runs the generator on one description, as the compiler would.</summary>
internal sealed class GeneratorRun
{
    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(object).Assembly.Location)
            .Append(typeof(XdrReader).Assembly.Location)
            .Distinct()
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private readonly Compilation compilation;

    public GeneratorRun(string text, string path = "/dir/sample.x", string? namespaceName = "Sample")
    {
        var start = CSharpCompilation.Create(
            "sample", [], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Driver = CSharpGeneratorDriver.Create(
            [new XdrGenerator().AsSourceGenerator()],
            [new Description(path, text)],
            optionsProvider: new Options(namespaceName),
            driverOptions: new GeneratorDriverOptions(default, trackIncrementalGeneratorSteps: true));
        Driver = Driver.RunGeneratorsAndUpdateCompilation(start, out compilation, out var diagnostics);
        Diagnostics = diagnostics;
    }

    public GeneratorDriver Driver { get; }

    public Compilation Compilation => compilation;

    /// <summary>What the generator itself reported.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; }

    public string Source => Driver.GetRunResult().GeneratedTrees.Single().ToString();

    /// <summary>Everything that the compiler says about the result.</summary>
    public IEnumerable<Diagnostic> CompilerDiagnostics => compilation.GetDiagnostics().Where(item => item.Severity != DiagnosticSeverity.Hidden);

    public Assembly Load() => With(string.Empty);

    /// <summary>The result, compiled together with code that uses it.</summary>
    public Assembly With(string code)
    {
        using var image = new MemoryStream();
        var result = compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText(code)).Emit(image);
        Assert.That(result.Diagnostics.Where(item => item.Severity == DiagnosticSeverity.Error), Is.Empty);
        return Assembly.Load(image.ToArray());
    }

    private sealed class Description(string path, string text) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }

    private sealed class Options(string? namespaceName) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions => new Values(null);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Values(namespaceName);
    }

    private sealed class Values(string? namespaceName) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
        {
            value = key == "build_metadata.AdditionalFiles.XdrNamespace" ? namespaceName : null;
            return value is not null;
        }
    }
}
