namespace NfsdCtl.Xdr.Generator;

/// <summary>Writes one struct or union: fields, Read, Write, and the types of its arrays and lists.</summary>
internal sealed class RecordEmitter(Code code, RecordModel record, string enums)
{
    private readonly string name = Keywords.Escape(record.Name);

    public void Emit()
    {
        string kind = record.Borrows ? "ref partial struct" : "partial record struct";
        if (record.IsListNode)
            code.Line("/// <summary>The node of a linked list, without its link.</summary>");
        using (code.Open($"public {kind} {name} : IXdrType<{name}>"))
        {
            if (record.Discriminant is { } discriminant)
                FieldOf(discriminant);
            foreach (var field in record.Fields)
                FieldOf(field);
            code.Line(string.Empty);
            using (code.Open($"public static bool Read(scoped ref XdrReader r, out {name} value)"))
            {
                code.Line("value = default;");
                ReadBody();
                code.Line("return !r.Failed;");
            }
            code.Line(string.Empty);
            using (code.Open("public readonly void Write(scoped ref XdrWriter w)"))
                WriteBody();
            foreach (var field in record.Fields)
                Sequence(field);
        }
        code.Line(string.Empty);
    }

    private void FieldOf(Field field)
    {
        if (field.Type is BytesType bytes)
            code.Line($"/// <summary>{(bytes.Fixed ? "Exactly" : "At most")} {bytes.Length} bytes.</summary>");
        if (field.Type is OptionalType { IsList: false } optional)
        {
            code.Line($"public bool has_{field.Name};");
            code.Line($"public {TypeName(optional.Element, field)} {Keywords.Escape(field.Name)};");
        }
        else
            code.Line($"public {TypeName(field.Type, field)} {Keywords.Escape(field.Name)};");
    }

    private static string TypeName(XdrType type, Field field) => type switch
    {
        PrimitiveType { Kind: Primitive.Int } => "int",
        PrimitiveType { Kind: Primitive.UInt } => "uint",
        PrimitiveType { Kind: Primitive.Hyper } => "long",
        PrimitiveType { Kind: Primitive.UHyper } => "ulong",
        PrimitiveType { Kind: Primitive.Float } => "float",
        PrimitiveType { Kind: Primitive.Double } => "double",
        PrimitiveType => "bool",
        EnumType item => Keywords.Escape(item.Enum.Name),
        RecordType item => Keywords.Escape(item.Record.Name),
        BytesType => "ReadOnlySpan<byte>",
        ArrayType => field.Name + "_array",
        _ => field.Name + "_list",
    };

    private void ReadBody() => Body("value.", ReadField, "r.Fail();", "break;");

    private void WriteBody() => Body("this.", WriteField, "throw new InvalidOperationException(\"no arm for this discriminant\");");

    /// <param name="owner">What the fields belong to.</param>
    /// <param name="each">Writes the statements for one field.</param>
    /// <param name="undefined">What happens with a discriminant that no arm has.</param>
    private void Body(string owner, Action<string, Field> each, params string[] undefined)
    {
        if (record.Discriminant is not { } discriminant)
        {
            foreach (var field in record.Fields)
                each(owner + Keywords.Escape(field.Name), field);
            return;
        }
        string selector = owner + Keywords.Escape(discriminant.Name);
        each(selector, discriminant);
        using (code.Open($"switch ({selector})"))
        {
            foreach (var arm in record.Arms)
            {
                foreach (long label in arm.Labels)
                    code.Line($"case {Label(discriminant.Type, label)}:");
                if (arm.Labels.Count == 0)
                    code.Line("default:");
                if (arm.Field is { } field)
                    each(owner + Keywords.Escape(field.Name), field);
                code.Line("break;");
            }
            if (record.Arms.Any(arm => arm.Labels.Count == 0))
                return;
            code.Line("default:");
            code.Lines(undefined);
        }
    }

    private static string Label(XdrType type, long label) => type switch
    {
        EnumType item => $"{Keywords.Escape(item.Enum.Name)}.{Keywords.Escape(item.Enum.Members.First(member => member.Value == label).Name)}",
        PrimitiveType { Kind: Primitive.Bool } => label == 1 ? "true" : "false",
        _ => Emitter.Literal(label),
    };

    private void ReadField(string target, Field field)
    {
        if (field.Type is not OptionalType { IsList: false } optional)
        {
            code.Line(ReadStatement(field.Type, target, field));
            return;
        }
        code.Line($"value.has_{field.Name} = r.Bool();");
        using (code.Open($"if (value.has_{field.Name})"))
            code.Line(ReadStatement(optional.Element, target, field));
    }

    private string ReadStatement(XdrType type, string target, Field field, string reader = "r") => type switch
    {
        PrimitiveType { Kind: Primitive.Int } => $"{target} = {reader}.I32();",
        PrimitiveType { Kind: Primitive.UInt } => $"{target} = {reader}.U32();",
        PrimitiveType { Kind: Primitive.Hyper } => $"{target} = {reader}.I64();",
        PrimitiveType { Kind: Primitive.UHyper } => $"{target} = {reader}.U64();",
        PrimitiveType { Kind: Primitive.Float } => $"{target} = BitConverter.UInt32BitsToSingle({reader}.U32());",
        PrimitiveType { Kind: Primitive.Double } => $"{target} = BitConverter.UInt64BitsToDouble({reader}.U64());",
        PrimitiveType => $"{target} = {reader}.Bool();",
        EnumType => $"{enums}.Read(ref {reader}, out {target});",
        RecordType item => $"{Keywords.Escape(item.Record.Name)}.Read(ref {reader}, out {target});",
        BytesType bytes => $"{target} = {reader}.{(bytes.Fixed ? "Fixed" : "Opaque")}({bytes.Length});",
        _ => $"{TypeName(type, field)}.Read(ref {reader}, out {target});",
    };

    private void WriteField(string source, Field field)
    {
        if (field.Type is not OptionalType { IsList: false } optional)
        {
            WriteStatement(field.Type, source);
            return;
        }
        code.Line($"w.Bool(this.has_{field.Name});");
        using (code.Open($"if (this.has_{field.Name})"))
            WriteStatement(optional.Element, source);
    }

    private void WriteStatement(XdrType type, string source)
    {
        if (type is BytesType bytes)
        {
            string check = bytes.Fixed ? "NotEqual" : "GreaterThan";
            if (bytes.Fixed || bytes.Length < int.MaxValue)
                code.Line($"ArgumentOutOfRangeException.ThrowIf{check}({source}.Length, {bytes.Length});");
            code.Line($"w.{(bytes.Fixed ? "Fixed" : "Opaque")}({source});");
            return;
        }
        code.Line(type switch
        {
            PrimitiveType { Kind: Primitive.Int } => $"w.I32({source});",
            PrimitiveType { Kind: Primitive.UInt } => $"w.U32({source});",
            PrimitiveType { Kind: Primitive.Hyper } => $"w.I64({source});",
            PrimitiveType { Kind: Primitive.UHyper } => $"w.U64({source});",
            PrimitiveType { Kind: Primitive.Float } => $"w.U32(BitConverter.SingleToUInt32Bits({source}));",
            PrimitiveType { Kind: Primitive.Double } => $"w.U64(BitConverter.DoubleToUInt64Bits({source}));",
            PrimitiveType => $"w.Bool({source});",
            EnumType => $"w.U32((uint){source});",
            _ => $"{source}.Write(ref w);",
        });
    }

    private void Sequence(Field field)
    {
        if (field.Type is ArrayType array)
            Array(field, array);
        else if (field.Type is OptionalType { IsList: true } list)
            List(field, list.Element);
    }

    private void Array(Field field, ArrayType array)
    {
        string type = field.Name + "_array";
        string bound = Emitter.Literal(array.Length);
        code.Lines(string.Empty, $"/// <summary>{(array.Fixed ? "Exactly" : "At most")} {bound} elements, decoded by foreach.</summary>");
        using (code.Open($"public readonly ref struct {type}"))
        {
            code.Lines("private readonly ReadOnlySpan<byte> encoded;", string.Empty);
            code.Line("/// <summary>Elements that were written one after the other, without their count.</summary>");
            using (code.Open($"public {type}(int count, ReadOnlySpan<byte> encoded)"))
                code.Lines(
                    $"ArgumentOutOfRangeException.{(array.Fixed ? "ThrowIfNotEqual" : "ThrowIfGreaterThan")}((uint)count, {bound}u);",
                    "Count = count;",
                    "this.encoded = encoded;");
            code.Lines(string.Empty, "public int Count { get; }", string.Empty);
            using (code.Open($"internal static void Read(scoped ref XdrReader r, out {type} value)"))
            {
                code.Line("value = default;");
                code.Line(array.Fixed ? $"int count = {bound};" : $"int count = r.Count({bound});");
                // Whatever the count says, no more rounds than there are bytes for.
                using (code.Open($"if (count > r.Remaining / {Emitter.Literal(array.Element.MinSize)})"))
                    code.Lines("r.Fail();", "return;");
                code.Lines("var rest = r.Rest;", "int start = r.Position;");
                using (code.Open("for (int i = 0; i < count && !r.Failed; i++)"))
                    code.Line(ReadStatement(array.Element, $"{TypeName(array.Element, field)} item", field));
                using (code.Open("if (!r.Failed)"))
                    code.Line($"value = new {type}(count, rest[..(r.Position - start)]);");
            }
            code.Line(string.Empty);
            using (code.Open("public void Write(scoped ref XdrWriter w)"))
                code.Lines(
                    array.Fixed ? $"ArgumentOutOfRangeException.ThrowIfNotEqual(Count, {bound});" : "w.U32((uint)Count);",
                    "w.Fixed(encoded);");
            Enumerator(field, array.Element, "Count", "left-- > 0");
        }
    }

    private void List(Field field, XdrType element)
    {
        string type = field.Name + "_list";
        code.Lines(string.Empty, "/// <summary>A linked list, decoded by foreach.</summary>");
        using (code.Open($"public readonly ref struct {type}"))
        {
            code.Lines("private readonly ReadOnlySpan<byte> encoded;", string.Empty);
            code.Line("/// <summary>Nodes that were written one after the other, TRUE before each and FALSE behind the last.</summary>");
            using (code.Open($"public {type}(ReadOnlySpan<byte> encoded)"))
                code.Line("this.encoded = encoded;");
            code.Line(string.Empty);
            using (code.Open($"internal static void Read(scoped ref XdrReader r, out {type} value)"))
            {
                code.Lines("value = default;", "var rest = r.Rest;", "int start = r.Position;");
                using (code.Open("while (r.Bool())"))
                    code.Line(ReadStatement(element, $"{TypeName(element, field)} item", field));
                using (code.Open("if (!r.Failed)"))
                    code.Line($"value = new {type}(rest[..(r.Position - start)]);");
            }
            code.Line(string.Empty);
            using (code.Open("public void Write(scoped ref XdrWriter w)"))
                code.Lines(
                    "if (encoded.IsEmpty)",
                    "    w.Bool(false);",
                    "else",
                    "    w.Fixed(encoded);");
            Enumerator(field, element, "0", "reader.Bool()");
        }
    }

    private void Enumerator(Field field, XdrType element, string count, string more)
    {
        string type = TypeName(element, field);
        code.Lines(string.Empty, $"public Enumerator GetEnumerator() => new(encoded, {count});", string.Empty);
        using (code.Open("public ref struct Enumerator"))
        {
            code.Lines("private XdrReader reader;", "private int left;", $"private {type} current;", string.Empty);
            using (code.Open("internal Enumerator(ReadOnlySpan<byte> encoded, int count)"))
                code.Lines("reader = new XdrReader(encoded);", "left = count;", "current = default;");
            code.Lines(string.Empty, $"public readonly {type} Current => current;", string.Empty);
            using (code.Open("public bool MoveNext()"))
            {
                code.Lines($"if (!({more}))", "    return false;");
                code.Line(ReadStatement(element, "current", field, "reader"));
                code.Line("return !reader.Failed;");
            }
        }
    }
}
