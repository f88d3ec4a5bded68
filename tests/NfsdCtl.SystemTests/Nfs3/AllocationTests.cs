using System.Text;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>Calls of which clients make thousands a second leave no garbage.</summary>
public class AllocationTests(string type) : Nfs3TestBase(type)
{
    private delegate void Writer(ref XdrWriter writer);

    private byte[] file = null!;

    private static byte[] Bytes(Writer write)
    {
        var writer = new XdrWriter(new byte[8192]);
        write(ref writer);
        return writer.Written.ToArray();
    }

    private diropargs3 Where(string name) => new() { dir = new() { data = Dir }, name = Encoding.ASCII.GetBytes(name) };

    private byte[] Arguments(string procedure) => Bytes((ref XdrWriter w) =>
    {
        var handle = new nfs_fh3 { data = file };
        switch (procedure)
        {
            case "GETATTR": handle.Write(ref w); break;
            case "LOOKUP": Where("f").Write(ref w); break;
            case "ACCESS": new ACCESS3args { @object = handle, access = 0x3F }.Write(ref w); break;
            case "READ": new READ3args { file = handle, count = 4096 }.Write(ref w); break;
            case "WRITE": new WRITE3args { file = handle, count = 4096, data = new byte[4096] }.Write(ref w); break;
            case "SETATTR": new SETATTR3args { @object = handle, new_attributes = Nfs3Client.Set(mode: 0x1A4) }.Write(ref w); break;
            case "RENAME": new RENAME3args { from = Where("there"), to = Where("back") }.Write(ref w); break;
            case "READDIRPLUS": new READDIRPLUS3args { dir = new() { data = Dir }, cookieverf = new byte[8], dircount = 4000, maxcount = 16000 }.Write(ref w); break;
        }
    });

    [TestCase("GETATTR", 1u)]
    [TestCase("SETATTR", 2u)]
    [TestCase("LOOKUP", 3u)]
    [TestCase("ACCESS", 4u)]
    [TestCase("READ", 6u)]
    [TestCase("WRITE", 7u)]
    [TestCase("RENAME", 14u)]
    [TestCase("READDIRPLUS", 17u)]
    public void A_steady_state_allocates_nothing(string procedure, uint number)
    {
        file = FileOf("f", new byte[8192]);
        for (int i = 0; i < 50; i++)
            FileOf($"entry{i}", []);
        FileOf("there", []);
        byte[] arguments = Arguments(procedure);
        byte[] back = Bytes((ref XdrWriter w) => new RENAME3args { from = Where("back"), to = Where("there") }.Write(ref w));
        // A directory that changed a moment ago is read anew each time, since its times do not tell yet.
        Thread.Sleep(number == 17 ? 2200 : 0);
        long allocated = -1;
        Server.Channel.Run(() =>
        {
            // More calls than the reply cache has entries: it has grown to its size then.
            Calls(1500, number, arguments, back);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Calls(500, number, arguments, back);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.That(allocated, Is.Zero);
    }

    private void Calls(int count, uint number, byte[] arguments, byte[] back)
    {
        for (int i = 0; i < count; i++)
        {
            var status = Server.Channel.Execute(NFS_PROGRAM.Number, 3, number, number == 14 && i % 2 == 1 ? back : arguments, out int length);
            if (status != AcceptStatus.Success || new XdrReader(Server.Channel.LastReply(length)).U32() != 0)
                throw new InvalidOperationException($"call {i} failed");
        }
    }
}
