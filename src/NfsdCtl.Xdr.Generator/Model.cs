namespace NfsdCtl.Xdr.Generator;

internal enum Primitive
{
    Int,
    UInt,
    Hyper,
    UHyper,
    Float,
    Double,
    Bool,
}

/// <summary>A type with every typedef and constant resolved.</summary>
internal abstract record XdrType
{
    /// <summary>The fewest bytes that a value takes on the wire.</summary>
    public abstract long MinSize { get; }

    /// <summary>True when a value borrows from the buffer that it was read from.</summary>
    public abstract bool Borrows { get; }
}

internal sealed record PrimitiveType(Primitive Kind) : XdrType
{
    public override long MinSize => Kind is Primitive.Hyper or Primitive.UHyper or Primitive.Double ? 8 : 4;

    public override bool Borrows => false;
}

internal sealed record EnumType(EnumModel Enum) : XdrType
{
    public override long MinSize => 4;

    public override bool Borrows => false;
}

internal sealed record RecordType(RecordModel Record) : XdrType
{
    public override long MinSize => Record.MinSize;

    public override bool Borrows => Record.Borrows;
}

/// <summary>opaque or string; <paramref name="Length"/> is the size, or the bound of a variable one.</summary>
internal sealed record BytesType(bool Fixed, int Length) : XdrType
{
    public override long MinSize => Fixed ? (Length + 3L) & ~3L : 4;

    public override bool Borrows => true;
}

internal sealed record ArrayType(XdrType Element, bool Fixed, int Length) : XdrType
{
    public override long MinSize => Fixed ? Length * Element.MinSize : 4;

    public override bool Borrows => true;
}

internal sealed record OptionalType(XdrType Element) : XdrType
{
    public override long MinSize => 4;

    public override bool Borrows => IsList || Element.Borrows;

    /// <summary>A pointer to a node that points to the next one (RFC 4506 §4.19).</summary>
    public bool IsList => Element is RecordType { Record.IsListNode: true };
}

internal sealed record ConstModel(string Name, long Value);

internal sealed record EnumModel(string Name, IReadOnlyList<(string Name, long Value)> Members)
{
    public bool Equals(EnumModel? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Name.GetHashCode();
}

internal sealed record Field(string Name, XdrType Type, Place Place);

/// <summary>One arm of a union; no label means default, no field means void.</summary>
internal sealed record Arm(IReadOnlyList<long> Labels, Field? Field);

/// <summary>A struct, or a union when <see cref="Discriminant"/> is set. Filled in after all names are known.</summary>
internal sealed class RecordModel(string name, Place place)
{
    public string Name { get; } = name;

    public Place Place { get; } = place;

    /// <summary>A struct's members, or the arms of a union that are not void.</summary>
    public List<Field> Fields { get; } = [];

    public Field? Discriminant { get; set; }

    public List<Arm> Arms { get; } = [];

    /// <summary>The struct's last member points to the next of its kind; it is not among <see cref="Fields"/>.</summary>
    public bool IsListNode { get; set; }

    public bool Borrows => Fields.Any(member => member.Type.Borrows);

    public long MinSize => Discriminant is { } discriminant
        ? discriminant.Type.MinSize + (HasVoid ? 0 : Arms.Min(arm => arm.Field!.Type.MinSize))
        : Fields.Sum(member => member.Type.MinSize);

    private bool HasVoid => Arms.Any(arm => arm.Field is null);
}

internal sealed record ProcedureModel(string Name, string Signature, long Number);

internal sealed record VersionModel(string Name, IReadOnlyList<ProcedureModel> Procedures, long Number);

internal sealed record ProgramModel(string Name, IReadOnlyList<VersionModel> Versions, long Number);

/// <summary>One description, ready to be written out.</summary>
internal sealed record Model(
    IReadOnlyList<ConstModel> Consts,
    IReadOnlyList<EnumModel> Enums,
    IReadOnlyList<RecordModel> Records,
    IReadOnlyList<ProgramModel> Programs);
