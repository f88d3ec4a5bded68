using NfsdCtl.Xdr.Generator;

namespace NfsdCtl.TestKit.Xdr;

/// <summary>
/// A .x file as the generator understands it, to make messages from: what tests send is derived from the description, not
/// from the code under test.
/// </summary>
public sealed class XdrDescription
{
    private readonly Model model;

    private XdrDescription(Model model)
    {
        this.model = model;
    }

    /// <summary>The structs and unions, by name.</summary>
    public IEnumerable<string> Records => model.Records.Select(record => record.Name);

    /// <summary>Program, version and procedure numbers with their signatures.</summary>
    public IEnumerable<(uint Program, uint Version, uint Procedure, string Signature)> Procedures =>
        from program in model.Programs
        from version in program.Versions
        from procedure in version.Procedures
        select ((uint)program.Number, (uint)version.Number, (uint)procedure.Number, procedure.Signature);

    /// <summary>One of the project's own descriptions, for instance "nfs3.x".</summary>
    public static XdrDescription Load(string file)
    {
        using var stream = typeof(XdrDescription).Assembly.GetManifestResourceStream(file)
            ?? throw new FileNotFoundException($"no description {file} in the test kit", file);
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }

    /// <exception cref="ArgumentException">The text is no valid description.</exception>
    public static XdrDescription Parse(string text)
    {
        var (model, problems) = Binder.Bind(Parser.Parse(text));
        return new XdrDescription(model ?? throw new ArgumentException(string.Join("; ", problems.Select(problem => problem.Detail))));
    }

    /// <summary>A random valid message of that type. Lengths are spread up to their bounds, but hardly over <paramref name="longest"/>.</summary>
    /// <param name="handles">File handles that the server knows, to be used for most of the message's handles.</param>
    public XdrSample Sample(string record, Random random, int longest = 64, params IReadOnlyList<byte[]> handles) =>
        new XdrSampler(random, longest, handles).Sample(model.Records.Single(item => item.Name == record));
}
