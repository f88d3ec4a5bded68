using CsCheck;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nfs3;

[TestFixture]
public class EncodingTests
{
    private static readonly Gen<VfsTime> GenTime = Gen.Select(Gen.UInt, Gen.UInt[0, 999_999_999], (s, n) => new VfsTime(s, n));

    private static readonly Gen<Attributes> GenAttributes =
        Gen.Select(Gen.Int[1, 7], Gen.UInt.Array[6], Gen.ULong.Array[4], GenTime.Array[3], (type, words, longs, times) => new Attributes
        {
            Type = (FileType)type,
            Mode = words[0],
            LinkCount = words[1],
            Uid = words[2],
            Gid = words[3],
            Size = longs[0],
            Used = longs[1],
            DeviceMajor = words[4],
            DeviceMinor = words[5],
            FileSystemId = longs[2],
            FileId = longs[3],
            Atime = times[0],
            Mtime = times[1],
            Ctime = times[2],
        });

    private static void AssertSame(fattr3 wire, Attributes a)
    {
        Assert.That(wire, Is.EqualTo(new fattr3
        {
            type = (ftype3)a.Type,
            mode = a.Mode,
            nlink = a.LinkCount,
            uid = a.Uid,
            gid = a.Gid,
            size = a.Size,
            used = a.Used,
            rdev = new() { specdata1 = a.DeviceMajor, specdata2 = a.DeviceMinor },
            fsid = a.FileSystemId,
            fileid = a.FileId,
            atime = Wire(a.Atime),
            mtime = Wire(a.Mtime),
            ctime = Wire(a.Ctime),
        }));
    }

    private static nfstime3 Wire(VfsTime time) => new() { seconds = (uint)time.Seconds, nseconds = time.Nanoseconds };

    [Test]
    public void Attributes_are_read_back_by_the_generated_codec() => GenAttributes.Sample(a =>
    {
        var writer = new XdrWriter(new byte[AttributeEncoding.Fattr3Size]);
        writer.Fattr3(a);
        var reader = new XdrReader(writer.Written);
        Assert.That(fattr3.Read(ref reader, out var wire) && reader.Remaining == 0, Is.True);
        AssertSame(wire, a);
    });

    [Test]
    public void Post_op_attributes_say_whether_they_are_known() => Gen.Select(GenAttributes, Gen.Bool).Sample((a, known) =>
    {
        var writer = new XdrWriter(new byte[AttributeEncoding.PostOpSize]);
        writer.PostOp(known, a);
        var reader = new XdrReader(writer.Written);
        Assert.That(post_op_attr.Read(ref reader, out var wire) && reader.Remaining == 0, Is.True);
        Assert.That(wire.attributes_follow, Is.EqualTo(known));
        if (known)
            AssertSame(wire.attributes, a);
    });

    [Test]
    public void Weak_cache_consistency_data_have_each_half_or_not() =>
        Gen.Select(GenAttributes, GenTime, GenTime, Gen.ULong, Gen.Int[0, 3]).Sample((after, mtime, ctime, size, halves) =>
        {
            var wcc = new WccData { HasBefore = (halves & 1) != 0, SizeBefore = size, MtimeBefore = mtime, CtimeBefore = ctime, HasAfter = (halves & 2) != 0, After = after };
            var writer = new XdrWriter(new byte[256]);
            writer.Wcc(wcc);
            var reader = new XdrReader(writer.Written);
            Assert.That(wcc_data.Read(ref reader, out var wire) && reader.Remaining == 0, Is.True);
            Assert.That(wire.before.attributes_follow, Is.EqualTo(wcc.HasBefore));
            Assert.That(wire.after.attributes_follow, Is.EqualTo(wcc.HasAfter));
            if (wcc.HasBefore)
                Assert.That(wire.before.attributes, Is.EqualTo(new wcc_attr { size = size, mtime = Wire(mtime), ctime = Wire(ctime) }));
            if (wcc.HasAfter)
                AssertSame(wire.after.attributes, after);
        });

    [Test]
    public void Without_room_nothing_is_written_and_the_writer_says_so([Values(0, 4, 83, 87)] int room)
    {
        var writer = new XdrWriter(new byte[room]);
        writer.PostOp(default);
        Assert.That(writer.Overflow, Is.True);
        Assert.That(writer.Position, Is.Zero);
    }

    [Test]
    public void Settable_attributes_keep_what_is_set_and_nothing_else()
    {
        var set = new sattr3
        {
            mode = new() { set_it = true, mode = 0xFFFF_FFFF },
            uid = new() { set_it = false, uid = 7 },
            size = new() { set_it = true, size = ulong.MaxValue },
            atime = new() { set_it = time_how.SET_TO_SERVER_TIME },
            mtime = new() { set_it = time_how.SET_TO_CLIENT_TIME, mtime = new() { seconds = uint.MaxValue, nseconds = 5 } },
        }.ToSetAttributes();
        Assert.Multiple(() =>
        {
            Assert.That(set.Mode, Is.EqualTo(0xFFF), "only the twelve bits that a mode has");
            Assert.That(set.Uid, Is.Null);
            Assert.That(set.Gid, Is.Null);
            Assert.That(set.Size, Is.EqualTo(ulong.MaxValue));
            Assert.That(set.SetAtime, Is.EqualTo(SetTime.ToServerTime));
            Assert.That(set.SetMtime, Is.EqualTo(SetTime.ToClientTime));
            Assert.That(set.Mtime, Is.EqualTo(new VfsTime(uint.MaxValue, 5)));
        });
    }

    [Test]
    public void Every_outcome_has_a_status_of_its_own()
    {
        var statuses = Enum.GetValues<VfsStatus>().Except([VfsStatus.NoXattr, VfsStatus.XattrTooBig]).Select(Nfs3Status.Of).ToList();
        Assert.That(statuses, Is.Unique);
        Assert.That(Enum.GetValues<nfsstat3>().Except(statuses), Is.EqualTo(new[] { nfsstat3.NFS3ERR_REMOTE }),
            "REMOTE alone is never answered: there are no remote mounts in path names");
        Assert.That(() => Nfs3Status.Of((VfsStatus)250), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
