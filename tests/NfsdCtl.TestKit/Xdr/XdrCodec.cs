using System.Reflection;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Xdr;

/// <summary>Reads and writes a generated type that is known by name only.</summary>
public abstract class XdrCodec
{
    /// <summary>The codecs of all types in <paramref name="assembly"/> whose namespace is <paramref name="namespaceName"/>.</summary>
    public static IReadOnlyDictionary<string, XdrCodec> In(Assembly assembly, string namespaceName) =>
        assembly.GetTypes()
            .Where(type => type.Namespace == namespaceName && type.IsValueType && !type.IsNested)
            .Where(type => type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IXdrType<>)))
            .ToDictionary(type => type.Name, type => (XdrCodec)Activator.CreateInstance(typeof(Of<>).MakeGenericType(type))!);

    /// <summary>True when <paramref name="data"/> begin with a valid value, and how long it is.</summary>
    public abstract bool Read(ReadOnlySpan<byte> data, out int length);

    /// <summary>Reads a value and writes it again; null when it cannot be read.</summary>
    public abstract byte[]? RoundTrip(ReadOnlySpan<byte> data);

    /// <summary>Writes what <paramref name="data"/> hold into <paramref name="room"/> bytes; true when it did not fit.</summary>
    public abstract bool Overflows(ReadOnlySpan<byte> data, int room);

    private sealed class Of<T> : XdrCodec
        where T : struct, IXdrType<T>, allows ref struct
    {
        public override bool Read(ReadOnlySpan<byte> data, out int length)
        {
            var reader = new XdrReader(data);
            bool valid = T.Read(ref reader, out _);
            length = reader.Position;
            return valid;
        }

        public override byte[]? RoundTrip(ReadOnlySpan<byte> data)
        {
            var reader = new XdrReader(data);
            if (!T.Read(ref reader, out var value))
                return null;
            var writer = new XdrWriter(new byte[reader.Position + 16]);
            value.Write(ref writer);
            return writer.Written.ToArray();
        }

        public override bool Overflows(ReadOnlySpan<byte> data, int room)
        {
            var reader = new XdrReader(data);
            T.Read(ref reader, out var value);
            var writer = new XdrWriter(new byte[room]);
            value.Write(ref writer);
            return writer.Overflow;
        }
    }
}
