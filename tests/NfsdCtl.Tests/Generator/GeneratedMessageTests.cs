using System.Buffers.Binary;
using NfsdCtl.TestKit.Xdr;

namespace NfsdCtl.Tests.Generator;

/// <summary>The generated readers and writers against messages that are made from the description alone.</summary>
public sealed class GeneratedMessageTests
{
    private static readonly XdrDescription Description = XdrDescription.Parse(File.ReadAllText(GoldenTests.InputPath));

    private static readonly Lazy<IReadOnlyDictionary<string, XdrCodec>> Codecs = new(() =>
        XdrCodec.In(new GeneratorRun(File.ReadAllText(GoldenTests.InputPath), GoldenTests.InputPath, "Golden").Load(), "Golden"));

    private static IEnumerable<string> Types => Description.Records;

    [Test]
    public void Every_type_is_generated() => Assert.That(Codecs.Value.Keys, Is.EquivalentTo(Types));

    [TestCaseSource(nameof(Types))]
    public void A_message_is_written_as_it_was_read(string type) => ForEachSample(type, sample =>
    {
        Assert.That(Codecs.Value[type].Read([.. sample.Bytes, 1, 2, 3, 4], out int length), "valid");
        Assert.That(length, Is.EqualTo(sample.Bytes.Length), "what follows is not touched");
        Assert.That(Codecs.Value[type].RoundTrip(sample.Bytes), Is.EqualTo(sample.Bytes));
    });

    [TestCaseSource(nameof(Types))]
    public void A_message_that_is_cut_is_refused(string type) => ForEachSample(type, sample =>
    {
        for (int cut = 0; cut < sample.Bytes.Length; cut++)
            Assert.That(Codecs.Value[type].Read(sample.Bytes.AsSpan(0, cut), out _), Is.False, $"cut at {cut} of {sample.Bytes.Length}");
    });

    [TestCaseSource(nameof(Types))]
    public void A_length_over_its_bound_is_refused(string type) => ForEachSample(type, sample =>
    {
        foreach (var word in sample.Marks.Where(word => word.Mark == XdrMark.Length))
        {
            foreach (long length in new[] { word.Limit + 1, int.MaxValue - 3L, int.MaxValue, 1L << 31, uint.MaxValue })
                AssertRefused(type, sample, word, (uint)length);
        }
    });

    [TestCaseSource(nameof(Types))]
    public void An_undefined_choice_is_refused(string type) => ForEachSample(type, sample =>
    {
        foreach (var word in sample.Marks.Where(word => word.Mark != XdrMark.Length))
        {
            foreach (uint choice in new uint[] { 3, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE })
                AssertRefused(type, sample, word, choice);
        }
    });

    [TestCaseSource(nameof(Types))]
    public void Lack_of_room_is_seen(string type) => ForEachSample(type, sample =>
    {
        for (int room = 0; room < sample.Bytes.Length; room++)
            Assert.That(Codecs.Value[type].Overflows(sample.Bytes, room), $"room {room} of {sample.Bytes.Length}");
        Assert.That(Codecs.Value[type].Overflows(sample.Bytes, sample.Bytes.Length), Is.False);
    });

    [Test]
    public void Loops_see_each_element()
    {
        const string description = "struct node { int n; node *next; };\nstruct all { node *list; int numbers<3>; opaque six[6]; };";
        const string use = """
            public static class Use
            {
                public static string Sum(byte[] data)
                {
                    var reader = new NfsdCtl.Wire.Xdr.XdrReader(data);
                    if (!Sample.all.Read(ref reader, out var all))
                        return "refused";
                    var words = new System.Collections.Generic.List<int>();
                    foreach (var node in all.list)
                        words.Add(node.n);
                    foreach (int number in all.numbers)
                        words.Add(number);
                    return string.Join(' ', words) + " " + all.numbers.Count + " " + all.six.Length;
                }

                public static void WriteTooShort()
                {
                    var writer = new NfsdCtl.Wire.Xdr.XdrWriter(new byte[64]);
                    new Sample.all { six = new byte[5] }.Write(ref writer);
                }
            }
            """;
        var assembly = new GeneratorRun(description).With(use);
        byte[] data = [0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 0, 0];
        Assert.That(assembly.GetType("Use")!.GetMethod("Sum")!.Invoke(null, [data]), Is.EqualTo("7 8 9 1 6"));
        Assert.That(
            () => assembly.GetType("Use")!.GetMethod("WriteTooShort")!.Invoke(null, []),
            Throws.InnerException.TypeOf<ArgumentOutOfRangeException>());
    }

    private static void AssertRefused(string type, XdrSample sample, XdrMarkedWord word, uint value)
    {
        byte[] bytes = [.. sample.Bytes, .. new byte[64]];
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(word.Offset), value);
        Assert.That(Codecs.Value[type].Read(bytes, out _), Is.False, $"{word.Mark} {value} at {word.Offset}, limit {word.Limit}");
    }

    private static void ForEachSample(string type, Action<XdrSample> check)
    {
        for (int seed = 0; seed < 25; seed++)
        {
            var sample = Description.Sample(type, new Random(seed), longest: 12);
            try
            {
                check(sample);
            }
            catch (Exception error) when (error is not AssertionException)
            {
                throw new InvalidOperationException($"{type}, seed {seed}: {Convert.ToHexString(sample.Bytes)}", error);
            }
        }
    }
}
