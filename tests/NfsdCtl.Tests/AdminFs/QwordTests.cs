using System.Text;
using CsCheck;
using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.Tests.AdminFs;

public sealed class QwordTests
{
    [TestCase("", new string[0])]
    [TestCase("\n", new string[0])]
    [TestCase("   \n\n", new string[0])]
    [TestCase("a", new[] { "a" })]
    [TestCase("a\n", new[] { "a" })]
    [TestCase("  a  b \n", new[] { "a", "b" })]
    [TestCase("\\0610.0.0.1\n", new[] { "10.0.0.1" })]
    [TestCase("/exp/sp\\040ace\n", new[] { "/exp/sp ace" })]
    [TestCase("a\tb\n", new[] { "a\tb" }, Description = "a tab is an ordinary character")]
    [TestCase("\\x2f617a\n", new[] { "/az" })]
    [TestCase("/exp/sp\\x20ace\\\\x\n", null, Description = "a backslash alone")]
    [TestCase("/exp/sp\\x20ace\\x5c\n", new[] { "/exp/sp ace\\" }, Description = "later in a word two digits are a byte")]
    [TestCase("a\\x\n", null)]
    [TestCase("a\\x2\n", null)]
    [TestCase("a\\x2g\n", null)]
    [TestCase("\\303\\274\n", new[] { "ü" })]
    [TestCase("\\x\n", null, Description = "no digits")]
    [TestCase("\\x2\n", null)]
    [TestCase("\\x2g\n", null)]
    [TestCase("\\x 2\n", null)]
    [TestCase("\\400\n", null, Description = "over a byte")]
    [TestCase("\\08\n", null)]
    [TestCase("\\06\n", null)]
    [TestCase("\\\n", null)]
    [TestCase("\\377\n", null, Description = "no UTF-8")]
    [TestCase("a\\000b\n", null, Description = "NUL ends a path for the kernel")]
    [TestCase("a\0\n", null)]
    [TestCase("a\nb\n", null, Description = "two commands in one write")]
    [TestCase("a\n \n", null)]
    public void Splits_as_the_kernel_does(string text, string[]? expected) =>
        Assert.That(Qword.Split(Encoding.Latin1.GetBytes(text)), Is.EqualTo(expected));

    [Test]
    public void What_is_encoded_is_one_word_and_decodes_to_itself() =>
        Gen.String[1, 40].Where(s => !s.Contains('\0') && !s.Any(char.IsSurrogate) && !s.StartsWith("\\x", StringComparison.Ordinal)).Sample(word =>
        {
            var words = Qword.Split(Encoding.UTF8.GetBytes(" " + Qword.Encode(word) + " \n"));
            Assert.That(words, Is.EqualTo(new[] { word }));
        });

    [Test]
    public void Encoding_guards_the_hexadecimal_mark() =>
        Assert.That(Qword.Split(Encoding.UTF8.GetBytes(Qword.Encode("\\x41"))), Is.EqualTo(new[] { "\\x41" }));

    [Test]
    public void Any_bytes_give_words_or_null() => Gen.Byte.Array[0, 64].Sample(bytes =>
    {
        var words = Qword.Split(bytes);
        Assert.That(words is null || words.All(w => w.Length > 0 && !w.Contains('\0')));
    });

    [TestCase("0", 0)]
    [TestCase("32", 32)]
    [TestCase("0x1F", 31)]
    [TestCase("0X10", 16)]
    [TestCase("010", 8)]
    [TestCase("-5", -5)]
    [TestCase("9223372036854775807", long.MaxValue)]
    public void Numbers(string word, long value)
    {
        Assert.That(NfsdCtl.AdminFs.Text.Numbers.TryParse(word, out long parsed));
        Assert.That(parsed, Is.EqualTo(value));
    }

    [TestCase("")]
    [TestCase("-")]
    [TestCase("abc")]
    [TestCase("2abc")]
    [TestCase("0x")]
    [TestCase("0xg")]
    [TestCase("08")]
    [TestCase("+1")]
    [TestCase("--1")]
    [TestCase(" 1")]
    [TestCase("9223372036854775808")]
    [TestCase("0xFFFFFFFFFFFFFFFF")]
    [TestCase("07777777777777777777777777")]
    public void No_numbers(string word) => Assert.That(NfsdCtl.AdminFs.Text.Numbers.TryParse(word, out _), Is.False);
}
