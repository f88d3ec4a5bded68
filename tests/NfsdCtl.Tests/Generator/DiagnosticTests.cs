namespace NfsdCtl.Tests.Generator;

/// <summary>Each rule, what it says, and exactly where. Places are line:column, both from 1.</summary>
public sealed class DiagnosticTests
{
    private const string Enum = "enum e { A = 0, B = 1 };\n";

    [TestCase("struct s { int i; }", "XDR001", 1, 20, "expected ;, found end of file")]
    [TestCase("struct s { int i }", "XDR001", 1, 18, "expected ;, found '}'")]
    [TestCase("struct s { };", "XDR001", 1, 12, "expected a type, found '}'")]
    [TestCase("struct s {\n\topaque data;\n};", "XDR001", 2, 13, "expected [ or <, found ';'")]
    [TestCase("struct s { string text; };", "XDR001", 1, 23, "expected <, found ';'")]
    [TestCase("enum e { };", "XDR001", 1, 10, "expected a name, found '}'")]
    [TestCase("enum e { A };", "XDR001", 1, 12, "expected =, found '}'")]
    [TestCase("const enum = 1;", "XDR001", 1, 7, "expected a name, found 'enum'")]
    [TestCase("const A = B C;", "XDR001", 1, 13, "expected ;, found 'C'")]
    [TestCase("const A = 08;", "XDR001", 1, 11, "'08' is not a number of 64 bits")]
    [TestCase("const A = 0x;", "XDR001", 1, 11, "'0x' is not a number of 64 bits")]
    [TestCase("const A = 99999999999999999999;", "XDR001", 1, 11, "'99999999999999999999' is not a number of 64 bits")]
    [TestCase("const A = \"x\";", "XDR001", 1, 11, "'\"' does not belong here")]
    [TestCase("const A = 1;\n  /* open", "XDR001", 2, 3, "this comment has no end")]
    [TestCase("typedef void;", "XDR001", 1, 9, "expected a declaration with a name, found 'void'")]
    [TestCase("union u switch (int i) { default: void; case 1: void; };", "XDR001", 1, 41, "expected }, found 'case'")]
    [TestCase("import x;", "XDR001", 1, 1, "expected const, typedef, enum, struct, union or program, found 'import'")]
    [TestCase("struct s {\n\tmissing m;\n};", "XDR002", 2, 2, "the type missing is not defined in this file")]
    [TestCase("struct s { int i; int i; };", "XDR003", 1, 23, "i is defined twice in s")]
    [TestCase("struct s { int *i; int has_i; };", "XDR003", 1, 24, "has_i is defined twice in s")]
    [TestCase("const A = 1;\nconst A = 2;", "XDR003", 2, 7, "A is defined twice")]
    [TestCase(Enum + "const A = 2;", "XDR003", 2, 7, "A is defined twice")]
    [TestCase("program P { version V { void F(void) = 1; void F(void) = 2; } = 1; } = 2;", "XDR003", 1, 48, "F is defined twice in V")]
    [TestCase("program P { version V { void F(void) = 1; void G(void) = 1; } = 1; } = 2;", "XDR003", 1, 58, "procedure 1 is defined twice")]
    [TestCase("program P { version V { void F(void) = 1; } = 1; version W { void F(void) = 1; } = 1; } = 2;", "XDR003", 1, 84, "version 1 is defined twice")]
    [TestCase("struct s { opaque data<MAX>; };", "XDR004", 1, 24, "the constant MAX is not defined before this place")]
    [TestCase("struct s { opaque data<-1>; };", "XDR005", 1, 24, "-1 is not in 0..2147483647")]
    [TestCase("struct s { opaque data[0x80000000]; };", "XDR005", 1, 24, "2147483648 is not in 0..2147483647")]
    [TestCase("enum e { A = 0x100000000 };", "XDR005", 1, 14, "4294967296 is not in -2147483648..4294967295")]
    [TestCase("enum e { A = -1, B = 0xFFFFFFFF };", "XDR005", 1, 22, "e has values below 0 and over 2147483647")]
    [TestCase("struct s { int i; quadruple q; };", "XDR006", 1, 19, "quadruple has no C# type")]
    [TestCase("typedef int row[3];\nstruct s { row rows<2>; };", "XDR006", 2, 12, "an array or pointer of row, which is one already; put it into a struct")]
    [TestCase("struct s { opaque *data; };", "XDR006", 1, 12, "opaque of this form; use opaque name[n], opaque name<n> or string name<n>")]
    [TestCase("struct empty { opaque none[0]; };\nstruct s { empty all<>; };", "XDR006", 2, 18, "all is an array of elements that may be empty")]
    [TestCase("typedef struct { int i; } *p;", "XDR006", 1, 9, "give the type a name of its own, and the typedef another")]
    [TestCase("struct s { s *left; s *right; };", "XDR007", 1, 15, "s contains itself; only a pointer to the next one as the last member is supported")]
    [TestCase("struct a { b *other; int i; };\nstruct b { a *other; int i; };", "XDR007", 2, 15, "a contains itself; only a pointer to the next one as the last member is supported")]
    [TestCase("typedef a b;\ntypedef b a;\nstruct s { a x; };", "XDR007", 1, 9, "a is defined by itself")]
    [TestCase("struct n { int i; n *next; };\nstruct s { n first; };", "XDR007", 2, 14, "n is the node of a linked list and can only be pointed to")]
    [TestCase("struct s { int s; };", "XDR008", 1, 16, "s cannot have a member that is called s")]
    [TestCase("struct s { int Read; };", "XDR008", 1, 16, "s cannot have a member that is called Read")]
    [TestCase(Enum + "union u switch (e k) { case C: void; };", "XDR004", 2, 29, "the constant C is not defined before this place")]
    [TestCase(Enum + "union u switch (e k) { case 7: void; };", "XDR009", 2, 29, "7 is no value of the discriminant")]
    [TestCase(Enum + "union u switch (e k) { case A: void; case A: void; };", "XDR009", 2, 43, "case A is there twice")]
    [TestCase("union u switch (bool k) { case 1: void; };", "XDR009", 1, 32, "a bool is TRUE or FALSE")]
    [TestCase("union u switch (unsigned int k) { case -1: void; };", "XDR009", 1, 40, "-1 is no value of the discriminant")]
    [TestCase("union u switch (hyper k) { case 1: void; };", "XDR009", 1, 23, "a union is switched by int, unsigned int, bool or an enum")]
    public void Reports(string text, string id, int line, int column, string message)
    {
        var run = new GeneratorRun(text);
        var place = run.Diagnostics.First().Location.GetLineSpan();
        Assert.Multiple(() =>
        {
            Assert.That(run.Diagnostics.First().Id, Is.EqualTo(id));
            Assert.That(run.Diagnostics.First().GetMessage(), Is.EqualTo(message));
            Assert.That(place.Path, Is.EqualTo("/dir/sample.x"));
            Assert.That((place.StartLinePosition.Line + 1, place.StartLinePosition.Character + 1), Is.EqualTo((line, column)));
            Assert.That(run.Driver.GetRunResult().GeneratedTrees, Is.Empty, "nothing comes out of a wrong description");
        });
    }

    [Test]
    public void A_description_needs_a_namespace()
    {
        var run = new GeneratorRun("const A = 1;", namespaceName: null);
        Assert.That(run.Diagnostics.Select(item => (item.Id, item.GetMessage())), Is.EqualTo(new[] { ("XDR010", "sample.x needs the metadata XdrNamespace") }));
    }

    [Test]
    public void All_errors_of_meaning_are_reported_at_once()
    {
        var run = new GeneratorRun("struct s { a x; b y; int y; };");
        Assert.That(run.Diagnostics.Select(item => item.Id), Is.EqualTo(new[] { "XDR002", "XDR002", "XDR003" }));
    }

    /// <summary>Whatever stands in the file, the compiler gets diagnostics and no exception.</summary>
    [Test]
    public void A_description_that_breaks_off_is_answered()
    {
        string text = File.ReadAllText(GoldenTests.InputPath);
        for (int length = 0; length < text.Length; length += 11)
        {
            var run = new GeneratorRun(text[..length]);
            Assert.That(run.Driver.GetRunResult().Results.Single().Exception, Is.Null, $"cut at {length}");
        }
    }
}
