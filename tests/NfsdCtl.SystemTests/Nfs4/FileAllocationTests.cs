using System.Globalization;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>Attributes as Linux clients ask for them, and what minor version 2 reads with, leave no garbage.</summary>
public sealed class FileAllocationTests : SessionTestBase
{
    private static readonly byte[] Anonymous = new byte[16];

    /// <summary>What a Linux client asks for when it revalidates a file.</summary>
    private static readonly AttributeSet OfLinux = AttributeSet.Of(
        FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FSID, FATTR4_FILEID, FATTR4_MODE, FATTR4_NUMLINKS, FATTR4_OWNER, FATTR4_OWNER_GROUP,
        FATTR4_RAWDEV, FATTR4_SPACE_USED, FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA, FATTR4_TIME_MODIFY, FATTR4_MOUNTED_ON_FILEID);

    [TestCase(OP_GETATTR)]
    [TestCase(OP_LOOKUP)]
    [TestCase(OP_READDIR)]
    [TestCase(OP_SEEK)]
    [TestCase(OP_READ_PLUS)]
    public void A_steady_state_allocates_nothing(nfs_opnum4 operation)
    {
        byte[] file = MakeFile("f", new string('x', 8192));
        for (int i = 0; i < 20; i++)
            MakeFile(string.Create(CultureInfo.InvariantCulture, $"entry{i}"));
        byte[] handle = operation is OP_LOOKUP or OP_READDIR ? Root : file;
        // A directory that changed a moment ago is read anew each time, since its times do not tell yet. Its clock is the test's, which
        // stands still, so the directory has to be older than that.
        if (operation == OP_READDIR)
            Directory.SetLastWriteTimeUtc(ExportPath, Server.Time.GetUtcNow().UtcDateTime.AddDays(-1));
        var compounds = Enumerable.Range(0, 1000).Select(_ => new CompoundBuilder(2).Add(OP_SEQUENCE, Next())
            .Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(handle)).Add(operation, (ref XdrWriter w) => Arguments(operation, ref w)).ToArray()).ToArray();
        long allocated = -1;
        Server.Channel.Run(() =>
        {
            Calls(compounds.AsSpan(0, 500));
            long before = GC.GetAllocatedBytesForCurrentThread();
            Calls(compounds.AsSpan(500));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.That(allocated, Is.Zero);
    }

    private static void Arguments(nfs_opnum4 operation, ref XdrWriter w)
    {
        switch (operation)
        {
            case OP_GETATTR: OfLinux.Write(ref w); break;
            case OP_LOOKUP: w.Opaque("f"u8); break;
            case OP_READ_PLUS: w.Fixed(Anonymous); w.U64(0); w.U32(4096); break;
            case OP_READDIR: w.U64(0); w.U64(0); w.U32(4096); w.U32(16000); OfLinux.Write(ref w); break;
            case OP_SEEK: w.Fixed(Anonymous); w.U64(0); w.U32(1); break;
        }
    }

    private void Calls(ReadOnlySpan<byte[]> compounds)
    {
        foreach (byte[] compound in compounds)
        {
            var status = Server.Channel.Execute(NFS4_PROGRAM.Number, NFS4_PROGRAM.NFS_V4.Number, NFS4_PROGRAM.NFS_V4.NFSPROC4_COMPOUND, compound, out int length);
            uint result = new XdrReader(Server.Channel.LastReply(length)).U32();
            if (status != AcceptStatus.Success || result != 0)
                throw new InvalidOperationException($"a compound failed: {(nfsstat4)result}");
        }
    }
}
