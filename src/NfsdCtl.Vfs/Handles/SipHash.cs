using System.Buffers.Binary;
using System.Numerics;

namespace NfsdCtl.Vfs.Handles;

/// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed 64-bit MAC for short messages.</summary>
public static class SipHash
{
    public const int KeySize = 16;

    public static ulong Compute(ulong key0, ulong key1, ReadOnlySpan<byte> message)
    {
        var s = new State(key0, key1);
        ulong last = (ulong)message.Length << 56;
        while (message.Length >= 8)
        {
            s.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(message));
            message = message[8..];
        }
        for (int i = 0; i < message.Length; i++)
            last |= (ulong)message[i] << (8 * i);
        s.Absorb(last);
        return s.Finish();
    }

    private struct State(ulong key0, ulong key1)
    {
        private ulong v0 = key0 ^ 0x736f6d6570736575;
        private ulong v1 = key1 ^ 0x646f72616e646f6d;
        private ulong v2 = key0 ^ 0x6c7967656e657261;
        private ulong v3 = key1 ^ 0x7465646279746573;

        public void Absorb(ulong word)
        {
            v3 ^= word;
            Round();
            Round();
            v0 ^= word;
        }

        public ulong Finish()
        {
            v2 ^= 0xFF;
            for (int i = 0; i < 4; i++)
                Round();
            return v0 ^ v1 ^ v2 ^ v3;
        }

        private void Round()
        {
            v0 += v1;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v3;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
