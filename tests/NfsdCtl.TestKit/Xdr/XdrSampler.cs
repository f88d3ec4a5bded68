using System.Buffers.Binary;
using NfsdCtl.Xdr.Generator;

namespace NfsdCtl.TestKit.Xdr;

/// <summary>Writes random valid messages, straight from the description and RFC 4506.</summary>
internal sealed class XdrSampler(Random random, int longest, IReadOnlyList<byte[]> handles)
{
    private readonly List<byte> bytes = [];
    private readonly List<XdrMarkedWord> marks = [];

    public XdrSample Sample(RecordModel record)
    {
        Record(record);
        return new XdrSample([.. bytes], marks);
    }

    private void Record(RecordModel record)
    {
        if (record.Discriminant is null)
        {
            foreach (var field in record.Fields)
            {
                if (handles.Count > 0 && field.Type is BytesType && (record.Name == "nfs_fh3" || field.Name == "fh") && random.Next(8) > 0)
                    Known(handles[random.Next(handles.Count)]);
                else
                    Value(field.Type);
            }
            return;
        }
        var arm = record.Arms[random.Next(record.Arms.Count)];
        bool open = record.Arms.Any(other => other.Labels.Count == 0);
        long label = arm.Labels.Count > 0 ? arm.Labels[random.Next(arm.Labels.Count)] : Other(record);
        if (record.Discriminant.Type is not PrimitiveType { Kind: Primitive.Int or Primitive.UInt } || !open)
            Mark(record.Discriminant.Type is PrimitiveType { Kind: Primitive.Bool } ? XdrMark.Bool : XdrMark.Choice, 1);
        Word((uint)label);
        // Where default has the value of a label, RFC 4506 §4.15 lets the label win.
        var chosen = record.Arms.FirstOrDefault(other => other.Labels.Contains(label)) ?? record.Arms.First(other => other.Labels.Count == 0);
        if (chosen.Field is { } body)
            Value(body.Type);
    }

    /// <summary>A value that leads to the default arm, if there is one.</summary>
    private long Other(RecordModel record)
    {
        long[] values = record.Discriminant!.Type switch
        {
            EnumType type => [.. type.Enum.Members.Select(member => member.Value)],
            PrimitiveType { Kind: Primitive.Bool } => [0, 1],
            _ => [random.Next(), random.Next()],
        };
        var free = values.Where(value => !record.Arms.Any(arm => arm.Labels.Contains(value))).ToArray();
        return free.Length > 0 ? free[random.Next(free.Length)] : values[0];
    }

    private void Value(XdrType type)
    {
        switch (type)
        {
            case PrimitiveType { Kind: Primitive.Bool }:
                Mark(XdrMark.Bool, 1);
                Word((uint)random.Next(2));
                break;
            case PrimitiveType primitive:
                Random((int)primitive.MinSize);
                break;
            case EnumType item:
                Mark(XdrMark.Choice, 1);
                Word((uint)item.Enum.Members[random.Next(item.Enum.Members.Count)].Value);
                break;
            case RecordType item:
                Record(item.Record);
                break;
            case BytesType item:
                Random(item.Fixed ? item.Length : Length(item.Length));
                break;
            case ArrayType item:
                for (int left = item.Fixed ? item.Length : Length(Math.Min(item.Length, 8), item.Length); left > 0; left--)
                    Value(item.Element);
                break;
            case OptionalType { IsList: true } list:
                for (int left = random.Next(4); left > 0; left--)
                {
                    Present(true);
                    Value(list.Element);
                }
                Present(false);
                break;
            case OptionalType optional:
                bool there = random.Next(2) == 1;
                Present(there);
                if (there)
                    Value(optional.Element);
                break;
        }
    }

    private void Present(bool value)
    {
        Mark(XdrMark.Bool, 1);
        Word(value ? 1u : 0);
    }

    /// <summary>None, one, the bound itself (if it is not huge), or something between.</summary>
    private int Length(int bound) => Length(Math.Min(bound, longest), bound);

    private int Length(int most, int bound)
    {
        int length = random.Next(4) switch
        {
            0 => 0,
            1 => Math.Min(1, most),
            2 => most,
            _ => random.Next(most + 1),
        };
        Mark(XdrMark.Length, bound);
        Word((uint)length);
        return length;
    }

    private void Mark(XdrMark mark, long limit) => marks.Add(new XdrMarkedWord(bytes.Count, mark, limit));

    private void Word(uint value)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, value);
        bytes.AddRange(word);
    }

    private void Known(byte[] handle)
    {
        Word((uint)handle.Length);
        Padded(handle);
    }

    private void Random(int length)
    {
        var data = new byte[length];
        random.NextBytes(data);
        Padded(data);
    }

    private void Padded(byte[] data)
    {
        bytes.AddRange(data);
        bytes.AddRange(new byte[-data.Length & 3]);
    }
}
