using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Tests.Vfs;

public sealed class ExportParserTests
{
    private static IReadOnlyList<Export> Good(string text)
    {
        var result = ExportParser.Parse("exports", text);
        Assert.That(result.Errors, Is.Empty);
        return result.Exports;
    }

    private static ExportOptions Options(string options) => Good($"/a *({options})\n").Single().Options;

    [TestCase(@"/a\040b\011c\012d\134e\042f\043g *.example.com(rw,fsid=root)")]
    [TestCase(@"/a\342\200\203b 10.0.0.0/8(ro,async,insecure,all_squash,anonuid=1,anongid=2,fsid=7,crossmnt)")]
    [TestCase("/ fd00::/64(no_root_squash,subtree_check,nohide,no_wdelay,no_local_locks)")]
    [TestCase("/a host(all_squash,no_root_squash,fsid=01234567-89ab-cdef-0123-456789abcdef)")]
    public void An_export_that_is_written_as_a_line_is_read_from_it_again(string text)
    {
        var export = Good(text).Single();
        var again = Good(ExportText.Line(export)).Single();
        Assert.That((again.Path, again.Client.Text, again.Options), Is.EqualTo((export.Path, export.Client.Text, export.Options)));
    }

    [TestCase("/a *(frobnicate)", "exports:1:6", "frobnicate is not known")]
    [TestCase("/a *(rw,frobnicate=1)", "exports:1:9", "frobnicate= is not known")]
    [TestCase("\n# all\n/a *(rw,\\\n ro)", "exports:3:9", "not known")]
    [TestCase("/a *(rw", "exports:1:8", "a ) is missing")]
    [TestCase("/a *(rw, sync)", "exports:1:9", "a ) is missing")]
    [TestCase("/a *(rw,,sync)", "exports:1:9", "missing before the comma")]
    [TestCase("/a *(rw)\n\n  relative *(rw)", "exports:3:3", "begin it with /")]
    [TestCase("/a/../b *(rw)", "exports:1:1", "plain path")]
    [TestCase("\"/a b *(rw)", "exports:1:1", "quotation mark is missing")]
    [TestCase("/a @trusted(rw)", "exports:1:4", "netgroup @trusted is not supported")]
    [TestCase("/a gss/krb5(rw)", "exports:1:4", "gss/krb5 is not supported")]
    [TestCase("/a 10.0.0.0/33(rw)", "exports:1:4", "not a netmask")]
    [TestCase("/a 10.0.0.0/255.0.255.0(rw)", "exports:1:4", "not a netmask")]
    [TestCase("/a fd00::/129(rw)", "exports:1:4", "0 to 128")]
    [TestCase("/a host/24(rw)", "exports:1:4", "host in host/24 is not an address")]
    [TestCase("/a 10.0.0.*(rw)", "exports:1:4", "write a network")]
    [TestCase("/a h[ab(rw)", "exports:1:4", "not a wildcard")]
    [TestCase("/a h$t(rw)", "exports:1:4", "not a client")]
    [TestCase("/a 300.1.1.1(rw)", "exports:1:4", "not a client")]
    [TestCase("/a *(anonuid=-1)", "exports:1:6", "anonuid=-1 is not a number")]
    [TestCase("/a *(anongid=4294967295)", "exports:1:6", "not a number")]
    [TestCase("/a *(anonuid)", "exports:1:6", "needs a value")]
    [TestCase("/a *(rw=1)", "exports:1:6", "takes no value")]
    [TestCase("/a *(fsid=x)", "exports:1:6", "not an identity")]
    [TestCase("/a *(fsid=4294967296)", "exports:1:6", "not an identity")]
    [TestCase("/a *(sec=krb5)", "exports:1:6", "use sec=sys")]
    [TestCase("/a *(sec=sys:krb5)", "exports:1:6", "use sec=sys")]
    [TestCase("/a -rw) *", "exports:1:7", "remove the )")]
    [TestCase("/a *(rw) h *(ro)", "exports:1:12", "twice")]
    [TestCase("/a )", "exports:1:4", "without a (")]
    public void A_mistake_is_named_at_its_place(string text, string origin, string message)
    {
        var error = ExportParser.Parse("exports", text).Errors[0];
        Assert.Multiple(() =>
        {
            Assert.That(error.Origin, Is.EqualTo(origin));
            Assert.That(error.Message, Does.Contain(message));
            Assert.That(error.ToString(), Does.StartWith(origin + ": "));
        });
    }

    [Test]
    public void All_mistakes_are_reported_and_good_lines_still_read()
    {
        var result = ExportParser.Parse("f", "/a *(x,y)\nb *\n/c *(rw)\n/d @n(z)\n");
        Assert.That(result.Errors.Select(e => e.Origin), Is.EqualTo(new[] { "f:1:6", "f:1:8", "f:2:1", "f:4:7", "f:4:4" }));
        Assert.That(result.Exports.Select(e => e.Path), Does.Contain("/c"));
    }

    [Test]
    public void Defaults_are_those_of_exports5()
    {
        var options = Good("/a\n").Single().Options;
        Assert.That(options, Is.EqualTo(new ExportOptions
        {
            ReadOnly = true,
            Sync = true,
            Squash = Squash.Root,
            AnonUid = 65534,
            AnonGid = 65534,
            Secure = true,
            SubtreeCheck = false,
            CrossMount = false,
            NoHide = false,
            WriteDelay = true,
            FsId = null,
            LocalLocks = true,
        }));
    }

    [Test]
    public void Each_option_does_what_it_says()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Options("rw").ReadOnly, Is.False);
            Assert.That(Options("rw,ro").ReadOnly, Is.True);
            Assert.That(Options("async").Sync, Is.False);
            Assert.That(Options("async,sync").Sync, Is.True);
            Assert.That(Options("no_root_squash").Squash, Is.EqualTo(Squash.None));
            Assert.That(Options("no_root_squash,root_squash").Squash, Is.EqualTo(Squash.Root));
            Assert.That(Options("no_root_squash,all_squash").Squash, Is.EqualTo(Squash.All));
            Assert.That(Options("all_squash,no_all_squash").Squash, Is.EqualTo(Squash.Root));
            Assert.That(Options("anonuid=1000,anongid=-2"), Has.Property("AnonUid").EqualTo(1000).And.Property("AnonGid").EqualTo(4294967294));
            Assert.That(Options("insecure").Secure, Is.False);
            Assert.That(Options("subtree_check").SubtreeCheck, Is.True);
            Assert.That(Options("subtree_check,no_subtree_check").SubtreeCheck, Is.False);
            Assert.That(Options("crossmnt").CrossMount, Is.True);
            Assert.That(Options("nohide").NoHide, Is.True);
            Assert.That(Options("no_wdelay").WriteDelay, Is.False);
            Assert.That(Options("no_local_locks").LocalLocks, Is.False);
            Assert.That(Options("sec=sys"), Is.EqualTo(ExportOptions.Default));
            Assert.That(Options("fsid=7").FsId, Is.EqualTo(FsId.FromNumber(7)));
            Assert.That(Options("fsid=root").IsRoot, Is.True);
            Assert.That(Options("fsid=0").IsRoot, Is.True);
            Assert.That(Options("fsid=e19bf266-e69a-11f1-8e9c-2b5a919e22cc").FsId!.Value.ToString(), Is.EqualTo("e19bf266-e69a-11f1-8e9c-2b5a919e22cc"));
            Assert.That(Options("fsid=e19bf266:e69a11f1:8e9c2b5a:919e22cc").FsId!.Value.ToString(), Is.EqualTo("e19bf266-e69a-11f1-8e9c-2b5a919e22cc"));
        });
    }

    [Test]
    public void Names_are_quoted_escaped_and_continued()
    {
        var exports = Good("\"/with blank\" *(rw)\n/with\\040blank2 h1 \\\n  h2(ro) # the rest\n/\\303\\244 *\n/trailing/ *\n");
        Assert.That(exports.Select(e => (e.Path, e.Client.Text)), Is.EqualTo(new[]
        {
            ("/with blank", "*"), ("/with blank2", "h1"), ("/with blank2", "h2"), ("/ä", "*"), ("/trailing", "*"),
        }));
        Assert.That(exports[2].Origin, Is.EqualTo("exports:3:3"));
    }

    [Test]
    public void Line_defaults_hold_for_the_clients_behind_them_only()
    {
        var exports = Good("/a h1 -rw,async h2 h3(sync)\n/b h1\n");
        Assert.That(exports.Select(e => (e.Options.ReadOnly, e.Options.Sync)), Is.EqualTo(new[] { (true, true), (false, false), (false, true), (true, true) }));
    }

    [Test]
    public void A_blank_before_the_options_gives_them_to_everyone()
    {
        var exports = Good("/a h1 (rw)\n");
        Assert.That(exports.Select(e => (e.Client.Text, e.Client.Kind, e.Options.ReadOnly)),
            Is.EqualTo(new[] { ("h1", ClientKind.Host, true), ("*", ClientKind.Anyone, false) }));
    }

    [TestCase("10.0.0.1", ClientKind.Host, "10.0.0.1", true)]
    [TestCase("10.0.0.1", ClientKind.Host, "10.0.0.10", false)]
    [TestCase("10.0.0.1", ClientKind.Host, "::ffff:10.0.0.1", true)]
    [TestCase("10.0.0.0/24", ClientKind.Subnet, "10.0.0.255", true)]
    [TestCase("10.0.0.0/24", ClientKind.Subnet, "10.0.1.0", false)]
    [TestCase("10.0.0.0/255.255.255.0", ClientKind.Subnet, "10.0.0.9", true)]
    [TestCase("0.0.0.0/0", ClientKind.Subnet, "10.0.0.9", true)]
    [TestCase("0.0.0.0/0", ClientKind.Subnet, "fd00::1", false)]
    [TestCase("fd00::/16", ClientKind.Subnet, "fd00:1::1", true)]
    [TestCase("fd00::1", ClientKind.Host, "fd00::1", true)]
    [TestCase("*.example.org", ClientKind.Wildcard, "192.0.2.1", true)]
    [TestCase("h[0-9].example.org", ClientKind.Wildcard, "192.0.2.1", true)]
    [TestCase("h[!0-9].example.org", ClientKind.Wildcard, "192.0.2.1", false)]
    [TestCase("*.example.com", ClientKind.Wildcard, "192.0.2.1", false)]
    [TestCase("*", ClientKind.Anyone, "fd00::1", true)]
    public void Clients_match_by_address_network_and_name(string word, ClientKind kind, string address, bool matches)
    {
        var client = Good($"/a {word}(rw)\n").Single().Client;
        Assert.That(client.Kind, Is.EqualTo(kind));
        Assert.That(NetAddress.TryParse(address, out var peer), Is.True);
        Assert.That(client.Match(peer, new Names("h1.example.org")), Is.EqualTo(matches ? ExportMatch.Found : ExportMatch.None));
    }

    [Test]
    public void A_wildcard_waits_for_the_name()
    {
        var client = Good("/a *.example.org\n").Single().Client;
        Assert.That(client.Match(NetAddress.FromV4(1), new Names(null, known: false)), Is.EqualTo(ExportMatch.Pending));
        Assert.That(client.Match(NetAddress.FromV4(1), new Names(null)), Is.EqualTo(ExportMatch.None));
    }

    [TestCase("*", "", true)]
    [TestCase("a*c", "abbbc", true)]
    [TestCase("a*c", "abbb", false)]
    [TestCase("a?c", "ac", false)]
    [TestCase("*a*a*a", "aaaaaaaaaaaaaaaaaaaaaaaab", false)]
    [TestCase("A.EXAMPLE", "a.example", true)]
    [TestCase("h[a-c]x", "hbx", true)]
    [TestCase("h[a-c]x", "hdx", false)]
    public void Wildcards_match(string pattern, string name, bool matches) =>
        Assert.That(ClientSpec.MatchesWildcard(pattern, name), Is.EqualTo(matches));

    [Test]
    public void The_report_reads_as_the_kernels()
    {
        var export = Good("\"/a b\" 10.0.0.0/8(rw,insecure,no_root_squash,anonuid=5,fsid=9)\n").Single() with { FileSystem = FsId.FromNumber(9) };
        Assert.That(ExportText.Format(export), Is.EqualTo("/a\\040b\t10.0.0.0/8(rw,insecure,no_root_squash,sync,wdelay,no_subtree_check,fsid=9,anonuid=5,sec=1)"));
        var byUuid = Good("/exp/fs1 *(rw,insecure,no_root_squash)\n").Single() with { FileSystem = new FsId(0xe19bf266e69a11f1, 0x8e9c2b5a919e22cc) };
        Assert.That(ExportText.Format(byUuid), Is.EqualTo("/exp/fs1\t*(rw,insecure,no_root_squash,sync,wdelay,no_subtree_check,uuid=e19bf266:e69a11f1:8e9c2b5a:919e22cc,sec=1)"));
    }

    private sealed class Names(string? name, bool known = true) : IClientNames
    {
        public bool TryGetName(NetAddress client, out string? found)
        {
            found = name;
            return known;
        }
    }
}
