using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace NfsdCtl.Tests.Generator;

/// <summary>What comes out for every form of the language: approved text that compiles without a word.</summary>
public sealed class GoldenTests
{
    public static string InputPath => Path.Combine(Folder(), "everything.x");

    /// <summary>After a wanted change: NFSDCTL_APPROVE=1 dotnet test --filter Golden, and read the diff.</summary>
    [Test]
    public void Output_is_as_approved()
    {
        string approved = Path.Combine(Folder(), "everything.cs.txt");
        string output = new GeneratorRun(File.ReadAllText(InputPath), InputPath, "Golden").Source;
        if (Environment.GetEnvironmentVariable("NFSDCTL_APPROVE") == "1")
            File.WriteAllText(approved, output);
        Assert.That(output, Is.EqualTo(File.ReadAllText(approved)));
    }

    [Test]
    public void Output_compiles_without_a_warning()
    {
        var run = new GeneratorRun(File.ReadAllText(InputPath), InputPath, "Golden");
        Assert.That(run.Diagnostics, Is.Empty);
        Assert.That(run.CompilerDiagnostics, Is.Empty);
    }

    [Test]
    public void An_unchanged_description_is_not_translated_again()
    {
        var run = new GeneratorRun("const A = 1;");
        var again = run.Driver.RunGenerators(run.Compilation.AddSyntaxTrees(Microsoft.CodeAnalysis.CSharp.CSharpSyntaxTree.ParseText("class C;")));
        var reasons = again.GetRunResult().Results.Single().TrackedOutputSteps.Values.SelectMany(steps => steps).SelectMany(step => step.Outputs).Select(output => output.Reason);
        Assert.That(reasons, Is.Not.Empty.And.All.EqualTo(IncrementalStepRunReason.Cached));
    }

    [Test]
    public void Names_of_programs_and_constants_are_there()
    {
        var assembly = new GeneratorRun(File.ReadAllText(InputPath), InputPath, "Golden").Load();
        var program = assembly.GetType("Golden.EXAMPLE_PROG")!;
        object? Name(uint version, uint procedure) => program.GetMethod("ProcedureName")!.Invoke(null, [version, procedure]);
        Assert.Multiple(() =>
        {
            Assert.That(program.GetField("Number")!.GetRawConstantValue(), Is.EqualTo(0x20000001u));
            Assert.That(Name(2, 4), Is.EqualTo("EXAMPLE_GET"));
            Assert.That(Name(1, 4), Is.Null);
            Assert.That(Name(3, 0), Is.Null);
            var constants = assembly.GetType("Golden.EverythingConstants")!;
            Assert.That(constants.GetField("HEX")!.GetRawConstantValue(), Is.EqualTo(uint.MaxValue));
            Assert.That(constants.GetField("OCTAL")!.GetRawConstantValue(), Is.EqualTo(511));
            Assert.That(constants.GetField("NEGATIVE")!.GetRawConstantValue(), Is.EqualTo(-3));
            Assert.That(constants.GetField("HUGE")!.GetRawConstantValue(), Is.EqualTo(long.MaxValue));
            Assert.That(Enum.GetUnderlyingType(assembly.GetType("Golden.below")!), Is.EqualTo(typeof(int)));
        });
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
