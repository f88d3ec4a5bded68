using System.Buffers.Binary;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Clients;

namespace NfsdCtl.Trials;

/// <summary>
/// A file that one client writes: each block carries its number and a counter, so that reading it back tells whether what was
/// acknowledged as stable is still there, and whether a block was torn.
/// </summary>
public sealed class WrittenFile(HardMount nfs, byte[] handle, string name)
{
    private const int Block = 4096;
    private const int Blocks = 32;
    private readonly ulong[] issued = new ulong[Blocks];
    private readonly ulong[] stable = new ulong[Blocks];
    private readonly Dictionary<int, ulong> uncommitted = [];
    private ulong counter;
    private ulong? verifier;

    public int Synced { get; private set; }

    public int Committed { get; private set; }

    public int Checked { get; private set; }

    public List<string> Faults { get; } = [];

    /// <summary>One FILE_SYNC write, or a few UNSTABLE ones and their COMMIT.</summary>
    public void Write(Random random)
    {
        if (random.Next(2) == 0)
        {
            var block = random.Next(Blocks);
            Put(block, stable_how.FILE_SYNC);
            stable[block] = issued[block];
            uncommitted.Remove(block);
            Synced++;
            return;
        }

        for (var i = 0; i < 4; i++)
        {
            var block = random.Next(Blocks);
            var written = Put(block, stable_how.UNSTABLE);
            // another verifier: what was written before it may be gone, and is not claimed any more (RFC 1813 §3.3.21)
            if (verifier != written)
                uncommitted.Clear();
            verifier = written;
            uncommitted[block] = issued[block];
        }

        if (nfs.Commit(handle) == verifier)
        {
            foreach (var (block, value) in uncommitted)
                stable[block] = value;
            Committed += uncommitted.Count;
        }

        uncommitted.Clear();
    }

    /// <summary>Reads everything back: each block must be whole, no older than acknowledged and no newer than sent.</summary>
    public void Check()
    {
        for (var block = 0; block < Blocks; block++)
        {
            if (stable[block] == 0)
                continue;
            Checked++;
            var data = nfs.Read(handle, (ulong)block * Block, Block);
            var found = data.Length == Block ? BinaryPrimitives.ReadUInt64BigEndian(data) : 0;
            if (data.Length != Block || found < stable[block] || found > issued[block])
                Faults.Add($"{name} block {block}: holds write {found} ({data.Length} bytes), acknowledged was {stable[block]}, sent {issued[block]}");
            else if (!data.AsSpan().SequenceEqual(Content(block, found)))
                Faults.Add($"{name} block {block}: write {found} is torn");
        }
    }

    private ulong Put(int block, stable_how how)
    {
        issued[block] = ++counter;
        return nfs.Write(handle, (ulong)block * Block, Content(block, counter), how).Verifier;
    }

    private static byte[] Content(int block, ulong value)
    {
        var data = new byte[Block];
        for (var at = 0; at < Block; at += 16)
        {
            BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(at), value);
            BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(at + 8), (ulong)(block * Block + at));
        }

        return data;
    }
}
