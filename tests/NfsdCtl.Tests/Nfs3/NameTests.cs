using System.Text;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.Vfs;

namespace NfsdCtl.Tests.Nfs3;

[TestFixture]
public class NameTests
{
    [TestCase("a", VfsStatus.Ok)]
    [TestCase("...", VfsStatus.Ok)]
    [TestCase("\u00ff\u0001\n ", VfsStatus.Ok)]
    [TestCase("", VfsStatus.Access)]
    [TestCase("a/b", VfsStatus.Access)]
    [TestCase("/", VfsStatus.Access)]
    [TestCase("a\0b", VfsStatus.Access)]
    [TestCase(".", VfsStatus.Exist)]
    [TestCase("..", VfsStatus.Exist)]
    public void A_new_name(string name, VfsStatus expected) =>
        Assert.That(Nfs3Name.CheckNew(Encoding.Latin1.GetBytes(name)), Is.EqualTo(expected));

    [TestCase(255, VfsStatus.Ok)]
    [TestCase(256, VfsStatus.NameTooLong)]
    public void The_length_of_a_name(int length, VfsStatus expected) =>
        Assert.That(Nfs3Name.Check(Enumerable.Repeat((byte)120, length).ToArray()), Is.EqualTo(expected));

    [TestCase(".", VfsStatus.Inval)]
    [TestCase("..", VfsStatus.Inval)]
    [TestCase(".x", VfsStatus.Ok)]
    public void Dots_are_refused_as_the_procedure_wants(string name, VfsStatus expected) =>
        Assert.That(Nfs3Name.CheckOrdinary(Encoding.Latin1.GetBytes(name), VfsStatus.Inval), Is.EqualTo(expected));
}
