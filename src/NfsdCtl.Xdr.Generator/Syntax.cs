namespace NfsdCtl.Xdr.Generator;

/// <summary>A name as written, and where.</summary>
internal sealed record Name(string Text, Place Place);

/// <summary>A number, or the name of a constant.</summary>
internal sealed record Value(string? Constant, long Number, Place Place);

internal enum DeclarationKind
{
    Void,
    Plain,
    FixedArray,
    VariableArray,
    Optional,
}

/// <summary>
/// A member, an arm or a typedef's body (RFC 4506 §6.3, declaration). <paramref name="Bound"/> is null for an unbounded
/// variable array.
/// </summary>
internal sealed record Declaration(DeclarationKind Kind, TypeSyntax? Type, Name Name, Value? Bound);

/// <summary>A type-specifier: a built-in or defined name, or a definition in place.</summary>
internal sealed record TypeSyntax(string Word, Place Place, Definition? Inline);

internal abstract record Definition(Name Name);

internal sealed record ConstDefinition(Name Name, Value Value) : Definition(Name);

internal sealed record TypedefDefinition(Name Name, Declaration Declaration) : Definition(Name);

internal sealed record EnumDefinition(Name Name, IReadOnlyList<(Name Name, Value Value)> Members) : Definition(Name);

internal sealed record StructDefinition(Name Name, IReadOnlyList<Declaration> Members) : Definition(Name);

/// <summary>The arms that lead to one declaration; no label means default.</summary>
internal sealed record UnionCase(IReadOnlyList<Value> Labels, Declaration Arm);

internal sealed record UnionDefinition(Name Name, Declaration Discriminant, IReadOnlyList<UnionCase> Cases) : Definition(Name);

internal sealed record ProcedureSyntax(Name Name, string Signature, Value Number);

internal sealed record VersionSyntax(Name Name, IReadOnlyList<ProcedureSyntax> Procedures, Value Number);

/// <summary>RFC 5531 §12.2, program-def.</summary>
internal sealed record ProgramDefinition(Name Name, IReadOnlyList<VersionSyntax> Versions, Value Number) : Definition(Name);
