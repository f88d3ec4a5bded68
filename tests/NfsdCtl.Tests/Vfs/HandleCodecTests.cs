using CsCheck;
using NfsdCtl.Vfs.Handles;

namespace NfsdCtl.Tests.Vfs;

public sealed class HandleCodecTests
{
    private static readonly HandleKey MacKey = new(0x0706050403020100, 0x0F0E0D0C0B0A0908);
    private static readonly FsId FileSystem = new(0x0123456789ABCDEF, 0xFEDCBA9876543210);

    private static byte[] Encode(int handleLength = 8, uint tag = 7, FsId? fileSystem = null)
    {
        byte[] kernel = Enumerable.Range(1, handleLength).Select(i => (byte)i).ToArray();
        byte[] buffer = new byte[HandleCodec.MaxLength];
        int length = HandleCodec.Encode(new FileKey(fileSystem ?? FileSystem, 1, kernel), tag, MacKey, buffer);
        return buffer[..length];
    }

    /// <summary>The vectors of the reference implementation (vectors_sip64): messages 00, 00 01, … under key 00..0f.</summary>
    [TestCase(0, 0x726fdb47dd0e0e31UL)]
    [TestCase(1, 0x74f839c593dc67fdUL)]
    [TestCase(7, 0xab0200f58b01d137UL)]
    [TestCase(8, 0x93f5f5799a932462UL)]
    [TestCase(15, 0xa129ca6149be45e5UL)]
    public void SipHash_gives_the_reference_vectors(int length, ulong expected)
    {
        byte[] message = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        Assert.That(SipHash.Compute(MacKey.Low, MacKey.High, message), Is.EqualTo(expected));
    }

    [Test]
    public void A_handle_comes_back_as_it_went([Values(1, 8, 12, 31, 32)] int handleLength)
    {
        byte[] handle = Encode(handleLength, 0xDEADBEEF);
        Assert.That(handle, Has.Length.LessThanOrEqualTo(64));
        Assert.That(HandleCodec.TryDecode(handle, out var content), Is.True);
        Assert.That(HandleCodec.IsAuthentic(handle, MacKey), Is.True);
        Assert.That(content.ExportTag, Is.EqualTo(0xDEADBEEF));
        Assert.That(content.Key.FileSystem, Is.EqualTo(FileSystem));
        Assert.That(content.Key.HandleType, Is.EqualTo(1));
        Assert.That(content.Key.Handle.ToArray(), Is.EqualTo(Enumerable.Range(1, handleLength).Select(i => (byte)i)));
    }

    [Test]
    public void Every_flipped_bit_is_noticed()
    {
        byte[] handle = Encode();
        for (int bit = 0; bit < handle.Length * 8; bit++)
        {
            byte[] forged = [.. handle];
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(HandleCodec.TryDecode(forged, out _) && HandleCodec.IsAuthentic(forged, MacKey), Is.False, $"bit {bit}");
        }
    }

    [Test]
    public void A_handle_cut_or_extended_anywhere_is_malformed()
    {
        byte[] handle = Encode();
        for (int length = 0; length < handle.Length; length++)
            Assert.That(HandleCodec.TryDecode(handle.AsSpan(0, length), out _), Is.False, $"{length} bytes");
        Assert.That(HandleCodec.TryDecode([.. handle, 0], out _), Is.False);
    }

    [Test]
    public void Another_key_authenticates_nothing() =>
        Assert.That(HandleCodec.IsAuthentic(Encode(), new HandleKey(1, 2)), Is.False);

    [Test]
    public void Random_bytes_are_never_a_handle() =>
        Gen.Byte.Array[0, 80].Sample(bytes => !(HandleCodec.TryDecode(bytes, out _) && HandleCodec.IsAuthentic(bytes, MacKey)), iter: 10_000);
}
