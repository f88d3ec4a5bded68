using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using NfsdCtl.State.Records;

namespace NfsdCtl.Storage;

/// <summary>
/// The bytes of a log. A file is a header (magic, generation) and records of {u32 length, u32 crc, payload}, little-endian, followed by
/// zeros to be overwritten. The crc covers generation, length and payload, so that blocks of an earlier file are never
/// taken for records of this one. A payload is one byte of kind and its fields.
/// </summary>
internal static class RecordCodec
{
    public const int HeaderSize = 16;
    public const int FrameSize = 8;

    /// <summary>The longest payload: a window's end that names 100,000 clients fits.</summary>
    public const int MaxPayload = 16 << 20;

    private const int AddressSize = 20;

    private enum Kind : byte
    {
        Client = 1,
        Forget = 2,
        Forfeit = 3,
        Window = 4,
        WindowEnd = 5,
        NsmState = 6,
        Held = 7,
    }

    private static ReadOnlySpan<byte> Magic => "nfsdctl1"u8;

    public static void WriteHeader(ArrayBufferWriter<byte> output, ulong generation)
    {
        output.Write(Magic);
        PutU64(output, generation);
    }

    public static bool TryReadHeader(ReadOnlySpan<byte> data, out ulong generation)
    {
        generation = 0;
        if (data.Length < HeaderSize || !data.StartsWith(Magic))
            return false;
        generation = BinaryPrimitives.ReadUInt64LittleEndian(data[Magic.Length..]);
        return true;
    }

    /// <summary>Appends one framed record.</summary>
    public static void WriteFrame(ArrayBufferWriter<byte> output, ulong generation, RecordEntry entry)
    {
        var payload = new ArrayBufferWriter<byte>(128);
        WritePayload(payload, entry);
        PutU32(output, (uint)payload.WrittenCount);
        PutU32(output, Checksum(generation, payload.WrittenSpan));
        output.Write(payload.WrittenSpan);
    }

    /// <summary>
    /// Reads the record at the start of <paramref name="data"/>. False at the end of the log: a zero length, or a record that
    /// a crash tore.
    /// </summary>
    public static bool TryReadFrame(ReadOnlySpan<byte> data, ulong generation, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (data.Length < FrameSize)
            return false;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (length is 0 or > MaxPayload || length > data.Length - FrameSize)
            return false;
        payload = data.Slice(FrameSize, (int)length);
        return Checksum(generation, payload) == BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
    }

    /// <summary>Null when the payload is not one that this version writes.</summary>
    public static RecordEntry? ReadPayload(ReadOnlySpan<byte> payload)
    {
        var input = new Input(payload);
        RecordEntry entry;
        switch ((Kind)input.Byte())
        {
            case Kind.Client:
                entry = new RecordEntry.Client(ReadClient(ref input));
                break;
            case Kind.Held:
                entry = new RecordEntry.Held(input.Name(), (long)input.U64());
                break;
            case Kind.Forget:
                entry = new RecordEntry.Forget(input.Name());
                break;
            case Kind.Forfeit:
                entry = new RecordEntry.Forfeit(input.Name());
                break;
            case Kind.Window:
                entry = new RecordEntry.Window(new(DateTimeOffset.UnixEpoch.AddTicks(input.Ticks()), input.Text(), input.Byte() != 0));
                break;
            case Kind.WindowEnd:
                entry = new RecordEntry.WindowEnd(ReadNames(ref input));
                break;
            case Kind.NsmState:
                entry = new RecordEntry.NsmState(input.U32());
                break;
            default:
                return null;
        }
        return input.Complete ? entry : null;
    }

    private static void WritePayload(ArrayBufferWriter<byte> output, RecordEntry entry)
    {
        switch (entry)
        {
            case RecordEntry.Client client:
                PutByte(output, (byte)Kind.Client);
                PutClient(output, client.Record);
                break;
            case RecordEntry.Held held:
                PutByte(output, (byte)Kind.Held);
                PutName(output, held.Name);
                PutU64(output, (ulong)held.Count);
                break;
            case RecordEntry.Forget forget:
                PutByte(output, (byte)Kind.Forget);
                PutName(output, forget.Name);
                break;
            case RecordEntry.Forfeit forfeit:
                PutByte(output, (byte)Kind.Forfeit);
                PutName(output, forfeit.Name);
                break;
            case RecordEntry.Window window:
                PutByte(output, (byte)Kind.Window);
                PutU64(output, (ulong)(window.Record.Deadline - DateTimeOffset.UnixEpoch).Ticks);
                PutText(output, window.Record.Reason);
                PutByte(output, window.Record.AnyoneMayReclaim ? (byte)1 : (byte)0);
                break;
            case RecordEntry.WindowEnd end:
                PutByte(output, (byte)Kind.WindowEnd);
                PutU32(output, (uint)end.Gone.Count);
                foreach (var name in end.Gone)
                    PutName(output, name);
                break;
            case RecordEntry.NsmState state:
                PutByte(output, (byte)Kind.NsmState);
                PutU32(output, state.State);
                break;
        }
    }

    private static void PutClient(ArrayBufferWriter<byte> output, ClientRecord client)
    {
        PutName(output, client.Name);
        PutU32(output, client.State);
        PutByte(output, (byte)((client.Held is null ? 0 : 1) | (client.Forfeited ? 2 : 0) | (client.KnowsItsLoss ? 4 : 0)));
        PutU64(output, (ulong)(client.Held ?? 0));
    }

    private static ClientRecord ReadClient(ref Input input)
    {
        var name = input.Name();
        uint state = input.U32();
        byte flags = input.Byte();
        long held = (long)input.U64();
        return new ClientRecord(name) { State = state, Held = (flags & 1) != 0 ? held : null, Forfeited = (flags & 2) != 0, KnowsItsLoss = (flags & 4) != 0 };
    }

    private static List<ClientName> ReadNames(ref Input input)
    {
        uint count = input.U32();
        var names = new List<ClientName>();
        while (names.Count < count && input.Good)
            names.Add(input.Name());
        return names;
    }

    private static void PutName(ArrayBufferWriter<byte> output, ClientName name)
    {
        var address = output.GetSpan(AddressSize);
        name.Address.CopyTo(address);
        BinaryPrimitives.WriteUInt32LittleEndian(address[16..], name.Address.ScopeId);
        output.Advance(AddressSize);
        PutText(output, name.CallerName);
    }

    private static void PutText(ArrayBufferWriter<byte> output, string text)
    {
        PutU32(output, (uint)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, output);
    }

    private static void PutByte(ArrayBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    private static void PutU32(ArrayBufferWriter<byte> output, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    private static void PutU64(ArrayBufferWriter<byte> output, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    /// <summary>CRC-32C, the polynomial that processors compute.</summary>
    private static uint Checksum(ulong generation, ReadOnlySpan<byte> payload)
    {
        uint crc = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, generation), (uint)payload.Length);
        foreach (byte b in payload)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>A cursor whose error is sticky.</summary>
    private ref struct Input(ReadOnlySpan<byte> data)
    {
        private ReadOnlySpan<byte> rest = data;

        public bool Good { get; private set; } = true;

        public readonly bool Complete => Good && rest.IsEmpty;

        public byte Byte() => Take(1)[0];

        public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        public long Ticks()
        {
            long ticks = (long)U64();
            if (ticks >= 0 && ticks <= (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks)
                return ticks;
            Good = false;
            return 0;
        }

        public string Text()
        {
            uint length = U32();
            if (length > rest.Length)
            {
                Good = false;
                return "";
            }
            return Encoding.UTF8.GetString(Take((int)length));
        }

        public ClientName Name()
        {
            var address = Take(AddressSize);
            return new(NetAddress.FromBytes(address[..16], BinaryPrimitives.ReadUInt32LittleEndian(address[16..])), Text());
        }

        private ReadOnlySpan<byte> Take(int length)
        {
            if (rest.Length < length)
            {
                Good = false;
                rest = default;
                return new byte[length];
            }
            var taken = rest[..length];
            rest = rest[length..];
            return taken;
        }
    }
}
