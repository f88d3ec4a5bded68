using System.Buffers.Binary;

namespace NfsdCtl.Fuzz;

/// <summary>Damages messages in the ways that find mistakes: lengths, cuts, repeats, single bits.</summary>
internal static class Mutator
{
    private static readonly uint[] Interesting =
    [
        0, 1, 2, 3, 4, 7, 8, 16, 17, 63, 64, 65, 255, 256, 400, 401, 1023, 1024, 1025, 65535, 65536, 1 << 20, (1 << 20) + 1,
        0x7FFF_FFFC, 0x7FFF_FFFD, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFC, 0xFFFF_FFFF,
    ];

    /// <summary>One to four changes, at most one of which is a cut.</summary>
    public static byte[] Mutate(Random random, byte[] message)
    {
        var bytes = (byte[])message.Clone();
        for (int i = random.Next(1, 5); i > 0 && bytes.Length > 0; i--)
            bytes = MutateOnce(random, bytes);
        return bytes;
    }

    /// <summary>Random bytes, of which many are zero as in real messages.</summary>
    public static byte[] Bytes(Random random, int longest)
    {
        var bytes = new byte[random.Next(longest + 1)];
        random.NextBytes(bytes);
        if (random.Next(2) == 0)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                if ((i & 3) != 3)
                    bytes[i] = 0;
            }
        }
        return bytes;
    }

    /// <summary>Text that looks like what a parser expects, made of its own words and of odd characters.</summary>
    public static string Text(Random random, string[] words, int most)
    {
        const string odd = " \t\n\r\0\\\"'#;=[](),:*?/-+@%\u00e4\u2028\ud83d\ude00\ud800\ufffd";
        var text = new System.Text.StringBuilder();
        for (int i = random.Next(most + 1); i > 0; i--)
        {
            int kind = random.Next(8);
            if (kind < 4)
                text.Append(words[random.Next(words.Length)]);
            else if (kind < 7)
                text.Append(odd[random.Next(odd.Length)]);
            else
                text.Append((char)random.Next(1, 128));
        }
        return text.ToString();
    }

    private static byte[] MutateOnce(Random random, byte[] bytes)
    {
        int at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2 or 3 when bytes.Length >= 4:
                int word = random.Next(bytes.Length / 4) * 4;
                uint old = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(word));
                uint changed = random.Next(3) == 0 ? old + (uint)random.Next(-2, 3) : Interesting[random.Next(Interesting.Length)];
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(word), changed);
                return bytes;
            case 4:
                return bytes[..at];
            default:
                int end = random.Next(at, bytes.Length + 1);
                return [.. bytes[..end], .. bytes[at..]];
        }
    }
}
