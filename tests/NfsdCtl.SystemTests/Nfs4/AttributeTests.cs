using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>Attributes against the filesystem below.</summary>
public sealed class AttributeTests : SessionTestBase
{
    private static readonly long[] Required =
    [
        FATTR4_SUPPORTED_ATTRS, FATTR4_TYPE, FATTR4_FH_EXPIRE_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_LINK_SUPPORT, FATTR4_SYMLINK_SUPPORT,
        FATTR4_NAMED_ATTR, FATTR4_FSID, FATTR4_UNIQUE_HANDLES, FATTR4_LEASE_TIME, FATTR4_RDATTR_ERROR, FATTR4_FILEHANDLE, FATTR4_SUPPATTR_EXCLCREAT,
    ];

    private AttributeSet SupportedBy(byte[] handle) => Get(handle, FATTR4_SUPPORTED_ATTRS, (ref XdrReader r) => AttributeSet.Read(ref r));

    [Test]
    public void Every_supported_attribute_is_answered_alone_and_with_all_others()
    {
        byte[] file = MakeFile("f", "content");
        var supported = SupportedBy(file);
        foreach (long attribute in Required)
            Assert.That(supported.Has((int)attribute), Is.True, $"required attribute {attribute}");
        var readable = supported.Without(AttributeTable.WriteOnly);
        var together = new List<byte>();
        foreach (var attribute in AttributeTable.All.Where(a => readable.Has(a.Number)))
        {
            byte[]? value = Get(file, attribute.Number);
            Assert.That(value, Is.Not.Null, $"attribute {attribute.Number}");
            together.AddRange(value!);
        }
        Assert.That(On(file, OP_GETATTR, (ref XdrWriter w) => readable.Write(ref w), out byte[] body), Is.EqualTo(Ok));
        Assert.That(ValueOf(body), Is.EqualTo(together.ToArray()));
    }

    [Test]
    public void What_is_not_supported_is_left_out_and_what_is_only_set_is_refused()
    {
        byte[] file = MakeFile("f");
        Assert.That(Get(file, FATTR4_HIDDEN), Is.Null);
        Assert.That(Get(file, FATTR4_LAYOUT_BLKSIZE), Is.Null);
        foreach (long attribute in new[] { FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET, FATTR4_MODE_SET_MASKED, FATTR4_MODE_UMASK })
            Assert.That(On(file, OP_GETATTR, (ref XdrWriter w) => AttributeSet.Of((int)attribute).Write(ref w), out _), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
    }

    [Test]
    public void Values_are_those_of_the_file()
    {
        byte[] file = MakeFile("f", "seven..", mode: 0x1A0);
        Assert.Multiple(() =>
        {
            Assert.That(Get(file, FATTR4_TYPE, (ref XdrReader r) => r.U32()), Is.EqualTo((uint)nfs_ftype4.NF4REG));
            Assert.That(Get(file, FATTR4_SIZE, (ref XdrReader r) => r.U64()), Is.EqualTo(7));
            Assert.That(Get(file, FATTR4_MODE, (ref XdrReader r) => r.U32()), Is.EqualTo(0x1A0));
            Assert.That(Get(file, FATTR4_NUMLINKS, (ref XdrReader r) => r.U32()), Is.EqualTo(1));
            Assert.That(Get(file, FATTR4_OWNER, (ref XdrReader r) => Encoding.UTF8.GetString(r.Opaque(100))), Is.EqualTo("0"));
            Assert.That(Get(file, FATTR4_FILEHANDLE, (ref XdrReader r) => r.Opaque(128).ToArray()), Is.EqualTo(file));
            Assert.That(Get(file, FATTR4_LEASE_TIME, (ref XdrReader r) => r.U32()), Is.EqualTo(90));
            Assert.That(Get(file, FATTR4_MOUNTED_ON_FILEID, (ref XdrReader r) => r.U64()), Is.EqualTo(Get(file, FATTR4_FILEID, (ref XdrReader r) => r.U64())));
            Assert.That(Get(file, FATTR4_XATTR_SUPPORT, (ref XdrReader r) => r.Bool()), Is.True);
        });
    }

    [Test]
    public void The_change_attribute_changes_with_the_file()
    {
        byte[] file = MakeFile("f");
        ulong before = Get(file, FATTR4_CHANGE, (ref XdrReader r) => r.U64());
        // Longer than a tick of the kernel, whose clock makes ctime.
        Thread.Sleep(10);
        Assert.That(Set(file, FATTR4_MODE, (ref XdrWriter w) => w.U32(0x180)), Is.EqualTo(Ok));
        Assert.That(Get(file, FATTR4_CHANGE, (ref XdrReader r) => r.U64()), Is.GreaterThan(before));
    }

    [Test]
    public void Setting_takes_what_it_can_and_says_why_not_else()
    {
        byte[] file = MakeFile("f", "12345");
        Assert.Multiple(() =>
        {
            Assert.That(Set(file, FATTR4_SIZE, (ref XdrWriter w) => w.U64(3)), Is.EqualTo(Ok));
            Assert.That(Set(file, FATTR4_OWNER, (ref XdrWriter w) => w.Opaque("1001"u8)), Is.EqualTo(Ok));
            Assert.That(Set(file, FATTR4_OWNER_GROUP, (ref XdrWriter w) => w.Opaque("1002"u8)), Is.EqualTo(Ok));
            Assert.That(Set(file, FATTR4_OWNER, (ref XdrWriter w) => w.Opaque("nobody-has-this-name"u8)), Is.EqualTo(nfsstat4.NFS4ERR_BADOWNER));
            Assert.That(Set(file, FATTR4_OWNER, (ref XdrWriter w) => w.Opaque("4294967295"u8)), Is.EqualTo(nfsstat4.NFS4ERR_BADOWNER));
            Assert.That(Set(file, FATTR4_MODE, (ref XdrWriter w) => w.U32(0x1000)), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
            Assert.That(Set(file, FATTR4_TIME_MODIFY_SET, (ref XdrWriter w) => { w.U32(1); w.I64(5); w.U32(7); }), Is.EqualTo(Ok));
            Assert.That(Set(file, FATTR4_TIME_MODIFY_SET, (ref XdrWriter w) => { w.U32(1); w.I64(5); w.U32(1_000_000_000); }), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
            Assert.That(Set(file, FATTR4_TIME_ACCESS_SET, (ref XdrWriter w) => w.U32(2)), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR));
            Assert.That(Set(file, FATTR4_MODE, (ref XdrWriter w) => w.U64(0)), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR), "more than there is");
            Assert.That(Set(file, FATTR4_SIZE, (ref XdrWriter w) => w.U32(0)), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR), "less than there is");
            Assert.That(Set(file, FATTR4_FILEID, (ref XdrWriter w) => w.U64(0)), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
            Assert.That(Set(file, FATTR4_HIDDEN, (ref XdrWriter w) => w.Bool(true)), Is.EqualTo(nfsstat4.NFS4ERR_ATTRNOTSUPP));
            Assert.That(Set(file, FATTR4_MODE_SET_MASKED, (ref XdrWriter w) => { w.U32(0x1FF); w.U32(0x7); }), Is.EqualTo(Ok));
        });
        Assert.Multiple(() =>
        {
            Assert.That(Get(file, FATTR4_SIZE, (ref XdrReader r) => r.U64()), Is.EqualTo(3));
            Assert.That(Get(file, FATTR4_OWNER, (ref XdrReader r) => Encoding.UTF8.GetString(r.Opaque(100))), Is.EqualTo("1001"));
            Assert.That(Get(file, FATTR4_OWNER_GROUP, (ref XdrReader r) => Encoding.UTF8.GetString(r.Opaque(100))), Is.EqualTo("1002"));
            Assert.That(Get(file, FATTR4_TIME_MODIFY, (ref XdrReader r) => (r.I64(), r.U32())), Is.EqualTo((5L, 7u)));
            Assert.That(Get(file, FATTR4_MODE, (ref XdrReader r) => r.U32()), Is.EqualTo(0x1A7));
        });
    }

    [Test]
    public void Verify_and_nverify_are_each_others_opposites()
    {
        byte[] file = MakeFile("f", "12345");
        OperationArguments same = (ref XdrWriter w) => Fattr(FATTR4_SIZE, (ref XdrWriter v) => v.U64(5), ref w);
        OperationArguments other = (ref XdrWriter w) => Fattr(FATTR4_SIZE, (ref XdrWriter v) => v.U64(6), ref w);
        OperationArguments writeOnly = (ref XdrWriter w) => Fattr(FATTR4_TIME_ACCESS_SET, (ref XdrWriter v) => v.U32(0), ref w);
        OperationArguments unknown = (ref XdrWriter w) => Fattr(FATTR4_HIDDEN, (ref XdrWriter v) => v.U32(0), ref w);
        Assert.Multiple(() =>
        {
            Assert.That(On(file, OP_VERIFY, same, out _), Is.EqualTo(Ok));
            Assert.That(On(file, OP_NVERIFY, same, out _), Is.EqualTo(nfsstat4.NFS4ERR_SAME));
            Assert.That(On(file, OP_VERIFY, other, out _), Is.EqualTo(nfsstat4.NFS4ERR_NOT_SAME));
            Assert.That(On(file, OP_NVERIFY, other, out _), Is.EqualTo(Ok));
            Assert.That(On(file, OP_VERIFY, writeOnly, out _), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
            Assert.That(On(file, OP_VERIFY, unknown, out _), Is.EqualTo(nfsstat4.NFS4ERR_ATTRNOTSUPP));
        });
    }

    [TestCase(FATTR4_SIZE, 4)]
    [TestCase(FATTR4_SIZE, 12)]
    [TestCase(FATTR4_TIME_MODIFY, 8)]
    [TestCase(FATTR4_FSID, 8)]
    [TestCase(FATTR4_OWNER, 2)]
    [TestCase(FATTR4_FILEHANDLE, 0)]
    [TestCase(FATTR4_ACL, 2)]
    [TestCase(FATTR4_SUPPORTED_ATTRS, 2)]
    public void What_cannot_be_a_value_is_neither_the_same_nor_another(long attribute, int length)
    {
        byte[] file = MakeFile("f", "12345");
        // As a count or a length the first word says more than there is.
        byte[] value = [.. Enumerable.Repeat((byte)9, length)];
        OperationArguments wrong = (ref XdrWriter w) =>
        {
            AttributeSet.Of((int)attribute).Write(ref w);
            w.Opaque(value);
        };
        Assert.That(On(file, OP_VERIFY, wrong, out _), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR));
        Assert.That(On(file, OP_NVERIFY, wrong, out _), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR));
    }

    [Test]
    public void Every_value_that_is_told_can_be_compared()
    {
        byte[] file = MakeFile("f", "content");
        var readable = SupportedBy(file).Without(AttributeTable.WriteOnly);
        foreach (var attribute in AttributeTable.All.Where(a => readable.Has(a.Number) && a.Number != FATTR4_RDATTR_ERROR))
        {
            byte[] value = Get(file, attribute.Number)!;
            var reader = new XdrReader(value);
            attribute.Shape(ref reader);
            Assert.That((reader.Failed, reader.Remaining), Is.EqualTo((false, 0)), $"the shape of attribute {attribute.Number}");
            OperationArguments compared = (ref XdrWriter w) =>
            {
                AttributeSet.Of(attribute.Number).Write(ref w);
                w.Opaque(value);
            };
            // Space is used by others meanwhile.
            Assert.That(On(file, OP_VERIFY, compared, out _), Is.EqualTo(Ok).Or.EqualTo(nfsstat4.NFS4ERR_NOT_SAME), $"attribute {attribute.Number}");
        }
    }

    [Test]
    public void An_acl_is_told_as_it_was_given_until_the_mode_says_otherwise()
    {
        byte[] file = MakeFile("f", "secret", mode: 0x180);
        OperationArguments acl = (ref XdrWriter w) =>
        {
            w.U32(3);
            Ace(0, 0, 0x1601FF, "OWNER@", ref w);
            Ace(1, 0x40, 0x2, "1005", ref w);
            Ace(0, 0, 0x120081, "1001", ref w);
        };
        Assert.That(Get(file, FATTR4_ACLSUPPORT, (ref XdrReader r) => r.U32()), Is.EqualTo(3));
        Assert.That(Set(file, FATTR4_ACL, acl), Is.EqualTo(Ok));
        var given = new XdrWriter(new byte[1024]);
        acl(ref given);
        Assert.That(Get(file, FATTR4_ACL), Is.EqualTo(given.Written.ToArray()));
        Assert.That(Get(file, FATTR4_DACL), Is.EqualTo(new byte[4].Concat(given.Written.ToArray()).ToArray()));
        Assert.That(On(file, OP_VERIFY, (ref XdrWriter w) => Fattr(FATTR4_ACL, acl, ref w), out _), Is.EqualTo(Ok));
        Assert.That(Set(file, FATTR4_MODE, (ref XdrWriter w) => w.U32(0x1B6)), Is.EqualTo(Ok));
        Assert.That(Get(file, FATTR4_ACL), Is.Not.EqualTo(given.Written.ToArray()));
        Assert.That(Set(file, FATTR4_ACL, (ref XdrWriter w) => { w.U32(1); Ace(2, 0, 1, "OWNER@", ref w); }), Is.EqualTo(nfsstat4.NFS4ERR_ATTRNOTSUPP), "audit");
        Assert.That(Set(file, FATTR4_ACL, (ref XdrWriter w) => { w.U32(1); Ace(0, 0, 1, "nobody-has-this-name", ref w); }), Is.EqualTo(nfsstat4.NFS4ERR_BADOWNER));
        Assert.That(Set(file, FATTR4_ACL, (ref XdrWriter w) => { w.U32(1); Ace(0, 1, 1, "OWNER@", ref w); }), Is.EqualTo(nfsstat4.NFS4ERR_INVAL), "a file hands nothing down");
        Assert.That(Set(file, FATTR4_ACL, (ref XdrWriter w) => w.U32(1000)), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR));
    }

    [Test]
    public void A_new_directory_gets_what_its_parent_hands_down()
    {
        OperationArguments acl = (ref XdrWriter w) =>
        {
            w.U32(2);
            Ace(0, 0, 0x1601FF, "OWNER@", ref w);
            Ace(0, 0x3, 0x1200A1, "1001", ref w);
        };
        Assert.That(Set(Root, FATTR4_ACL, acl), Is.EqualTo(Ok));
        Assert.That(On(Root, OP_CREATE, (ref XdrWriter w) =>
        {
            w.U32((uint)nfs_ftype4.NF4DIR);
            w.Opaque("d"u8);
            Fattr(FATTR4_MODE, (ref XdrWriter v) => v.U32(0x1F8), ref w);
        }, out _), Is.EqualTo(Ok));
        var expected = new XdrWriter(new byte[256]);
        expected.U32(2);
        Ace(0, 0, 0x1601FF, "OWNER@", ref expected);
        Ace(0, 0x83, 0x1200A1, "1001", ref expected);
        Assert.That(Get(Lookup("d"), FATTR4_ACL), Is.EqualTo(expected.Written.ToArray()));
    }

    private static void Ace(uint type, uint flags, uint mask, string who, ref XdrWriter w)
    {
        w.U32(type);
        w.U32(flags);
        w.U32(mask);
        w.Opaque(Encoding.UTF8.GetBytes(who));
    }
}
