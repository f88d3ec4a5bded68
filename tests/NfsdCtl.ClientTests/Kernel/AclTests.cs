using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>ACLs as nfs4_getfacl and nfs4_setfacl see them, and what they allow.</summary>
[TestFixture("4.0")]
[TestFixture("4.1")]
[TestFixture("4.2")]
public sealed class AclTests(string version)
{
    private string directory = "";

    private string OnServer => "/srv" + directory[MountsOf(version).Length..];

    [OneTimeSetUp]
    public void Mount()
    {
        OursOnly();
        MountVersion(version);
    }

    [OneTimeTearDown]
    public void Unmount() => UnmountVersion(version);

    [SetUp]
    public void MakeDirectory() =>
        Run("c1", $"mkdir {directory = $"{MountsOf(version)}/moves/{TestContext.CurrentContext.Test.ID}"}; cd {directory}; echo secret >f; chmod 640 f; chmod 755 .");

    [TearDown]
    public void RemoveDirectory() => Run("c1", $"rm -rf {directory}");

    [Test]
    public void A_mode_is_told_as_an_acl()
    {
        string[] acl = Entries("c1", "f");
        Assert.That(acl.Select(e => e.Split(':')[2]), Does.Contain("OWNER@").And.Contain("GROUP@").And.Contain("EVERYONE@"));
        Assert.That(Rights(acl, "OWNER@"), Does.Contain("r").And.Contain("w").And.Not.Contain("x"));
        Assert.That(Rights(acl, "GROUP@"), Does.Contain("r").And.Not.Contain("w"));
        Assert.That(Rights(acl, "EVERYONE@"), Does.Not.Contain("r").And.Not.Contain("w"));
    }

    [Test]
    public void A_user_who_is_added_gets_in_and_another_does_not()
    {
        Assert.That(ReadAs(1001), Does.Contain("Permission denied"));
        Run("c1", $"nfs4_setfacl -a A::1001:rtncy {directory}/f");
        Assert.That(Rights(Entries("c2", "f"), "1001"), Is.EqualTo("rtncy"), "as it was given");
        Assert.That(ReadAs(1001), Is.EqualTo("secret"));
        Assert.That(ReadAs(1002), Does.Contain("Permission denied"));
        Assert.That(Node("a", $"getfacl -n -c {OnServer}/f"), Does.Contain("user:1001:r--"), "what local programs are held to");
        Run("c1", $"nfs4_setfacl -x A::1001:rtncy {directory}/f");
        Assert.That(ReadAs(1001), Does.Contain("Permission denied"));
    }

    [Test]
    public void A_denial_before_everyone_keeps_one_user_out()
    {
        Run("c1", $"nfs4_setfacl -s D::1001:r,A::OWNER@:rwtTnNcCoy,A::GROUP@:rtncy,A::EVERYONE@:rtncy {directory}/f");
        Assert.That(ReadAs(1001), Does.Contain("Permission denied"));
        Assert.That(ReadAs(1002), Is.EqualTo("secret"));
        Assert.That(Entries("c2", "f")[0], Does.StartWith("D::1001:r"));
    }

    [Test]
    public void New_files_and_directories_inherit()
    {
        Run("c1", $"cd {directory}; mkdir d; nfs4_setfacl -a A:fd:1001:rwaxtncy d; umask 077; mkdir d/sub; echo inner >d/sub/f; chmod 755 d");
        Assert.That(Entries("c2", "d/sub").Where(e => e.Contains(":1001:")), Is.Not.Empty);
        Assert.That(Entries("c2", "d/sub/f").Where(e => e.Contains(":1001:")), Is.Not.Empty);
    }

    [Test]
    public void A_posix_acl_of_the_server_is_told()
    {
        Node("a", $"setfacl -m u:1002:rw {OnServer}/f");
        Assert.That(Rights(Entries("c1", "f"), "1002"), Does.Contain("r").And.Contain("w"));
        Node("a", $"chmod 600 {OnServer}/f; setfacl -b {OnServer}/f");
        Assert.That(Entries("c1", "f").Where(e => e.Contains(":1002:")), Is.Empty);
    }

    private string[] Entries(string guest, string name) =>
        [.. Run(guest, $"nfs4_getfacl {directory}/{name}").Split('\n').Where(l => l.Length > 2 && l[1] == ':')];

    /// <summary>What an entry allows.</summary>
    private static string Rights(string[] acl, string who) => acl.Single(e => e.StartsWith('A') && e.Split(':')[2] == who).Split(':')[3];

    private string ReadAs(int user)
    {
        var read = Try("c1", $"setpriv --reuid {user} --regid {user} --clear-groups cat {directory}/f");
        return read.Status == 0 ? read.Text : read.Errors;
    }
}
