namespace NfsdCtl.Xdr.Generator;

/// <summary>
/// Gives every name its meaning: constants become numbers, typedefs what they stand for, declarations types. All errors of
/// a file are collected.
/// </summary>
internal sealed class Binder
{
    private readonly List<Problem> problems = [];
    private readonly Dictionary<string, long> constants = [];
    private readonly Dictionary<string, TypedefDefinition> typedefs = [];
    private readonly Dictionary<string, EnumModel> enums = [];
    private readonly Dictionary<string, RecordModel> records = [];
    private readonly Dictionary<RecordModel, Definition> bodies = [];
    private readonly HashSet<string> names = [];
    private readonly HashSet<string> resolving = [];

    /// <summary>The model, or null and what is wrong.</summary>
    public static (Model? Model, IReadOnlyList<Problem> Problems) Bind(IReadOnlyList<Definition> definitions)
    {
        var binder = new Binder();
        var model = binder.Run(definitions);
        return (binder.problems.Count == 0 ? model : null, binder.problems);
    }

    private Model Run(IReadOnlyList<Definition> definitions)
    {
        var consts = new List<ConstModel>();
        var programs = new List<ProgramModel>();
        foreach (var definition in definitions)
            Declare(definition, consts, programs);
        foreach (var body in bodies)
            Fill(body.Key, body.Value);
        if (problems.Count == 0)
            new Shape(problems).Check(bodies.Keys);
        return new Model(consts, [.. enums.Values], [.. bodies.Keys], programs);
    }

    private void Declare(Definition definition, List<ConstModel> consts, List<ProgramModel> programs)
    {
        switch (definition)
        {
            case TypedefDefinition { Declaration: { Kind: DeclarationKind.Plain, Type.Inline: { } inline } }:
                Declare(inline, consts, programs);
                return;
            case TypedefDefinition { Declaration.Type.Inline: { } inline }:
                Report(Rules.Unsupported, inline.Name.Place, "give the type a name of its own, and the typedef another");
                return;
        }
        Unique(definition.Name);
        switch (definition)
        {
            case ConstDefinition constant:
                consts.Add(new ConstModel(constant.Name.Text, Number(constant.Value)));
                constants[constant.Name.Text] = consts[consts.Count - 1].Value;
                break;
            case TypedefDefinition typedef:
                typedefs[typedef.Name.Text] = typedef;
                break;
            case EnumDefinition definitionOfEnum:
                DeclareEnum(definitionOfEnum);
                break;
            case ProgramDefinition program:
                programs.Add(Program(program));
                break;
            default:
                DeclareRecord(definition, consts, programs);
                break;
        }
    }

    private void DeclareEnum(EnumDefinition definition)
    {
        var members = new List<(string, long)>();
        foreach (var (name, value) in definition.Members)
        {
            Unique(name);
            long number = InRange(value, int.MinValue, uint.MaxValue);
            constants[name.Text] = number;
            members.Add((name.Text, number));
            // On the wire both are the same word, and neither uint nor int holds both.
            if (members.Any(member => member.Item2 < 0) && members.Any(member => member.Item2 > int.MaxValue))
                Report(Rules.Range, value.Place, $"{definition.Name.Text} has values below 0 and over {int.MaxValue}");
        }
        enums[definition.Name.Text] = new EnumModel(definition.Name.Text, members);
    }

    private void DeclareRecord(Definition definition, List<ConstModel> consts, List<ProgramModel> programs)
    {
        var model = new RecordModel(definition.Name.Text, definition.Name.Place);
        records[model.Name] = model;
        bodies[model] = definition;
        foreach (var declaration in Declarations(definition))
        {
            if (declaration.Type?.Inline is { } inline)
                Declare(inline, consts, programs);
        }
    }

    private static IEnumerable<Declaration> Declarations(Definition definition) => definition switch
    {
        StructDefinition body => body.Members,
        UnionDefinition body => body.Cases.Select(arm => arm.Arm).Prepend(body.Discriminant),
        _ => [],
    };

    private ProgramModel Program(ProgramDefinition program)
    {
        var versions = new List<VersionModel>();
        var versionNames = new Scope(this, program.Name.Text, "Number", "Versions", "ProcedureName");
        foreach (var version in program.Versions)
        {
            versionNames.Add(version.Name);
            var procedures = new List<ProcedureModel>();
            var procedureNames = new Scope(this, version.Name.Text, "Number", "ProcedureName");
            foreach (var procedure in version.Procedures)
            {
                procedureNames.Add(procedure.Name);
                long number = InRange(procedure.Number, 0, uint.MaxValue);
                if (procedures.Any(other => other.Number == number))
                    Report(Rules.Duplicate, procedure.Number.Place, $"procedure {number} is defined twice");
                procedures.Add(new ProcedureModel(procedure.Name.Text, procedure.Signature, number));
            }
            long versionNumber = InRange(version.Number, 0, uint.MaxValue);
            if (versions.Any(other => other.Number == versionNumber))
                Report(Rules.Duplicate, version.Number.Place, $"version {versionNumber} is defined twice");
            versions.Add(new VersionModel(version.Name.Text, procedures, versionNumber));
        }
        return new ProgramModel(program.Name.Text, versions, InRange(program.Number, 0, uint.MaxValue));
    }

    private void Fill(RecordModel model, Definition definition)
    {
        var scope = new Scope(this, model.Name, "Read", "Write");
        if (definition is UnionDefinition union)
            FillUnion(model, union, scope);
        else
            FillStruct(model, (StructDefinition)definition, scope);
    }

    private void FillStruct(RecordModel model, StructDefinition definition, Scope scope)
    {
        for (int i = 0; i < definition.Members.Count; i++)
        {
            if (Member(definition.Members[i], scope) is not { } field)
                continue;
            if (i == definition.Members.Count - 1 && field.Type is OptionalType { Element: RecordType next } && next.Record == model)
                model.IsListNode = true;
            else
                model.Fields.Add(field);
        }
    }

    private void FillUnion(RecordModel model, UnionDefinition definition, Scope scope)
    {
        model.Discriminant = Member(definition.Discriminant, scope);
        var seen = new HashSet<long>();
        foreach (var arm in definition.Cases)
        {
            var labels = new List<long>();
            foreach (var label in arm.Labels)
            {
                long number = CaseLabel(label, model.Discriminant?.Type);
                if (!seen.Add(number))
                    Report(Rules.Case, label.Place, $"case {label.Constant ?? number.ToString()} is there twice");
                labels.Add(number);
            }
            var field = Member(arm.Arm, scope);
            if (field is not null)
                model.Fields.Add(field);
            model.Arms.Add(new Arm(labels, field));
        }
        if (model.Discriminant is not { Type: EnumType or PrimitiveType { Kind: Primitive.Int or Primitive.UInt or Primitive.Bool } })
            Report(Rules.Case, definition.Discriminant.Name.Place, "a union is switched by int, unsigned int, bool or an enum");
    }

    private long CaseLabel(Value label, XdrType? discriminant)
    {
        if (discriminant is PrimitiveType { Kind: Primitive.Bool })
        {
            if (label.Constant is "TRUE" or "FALSE")
                return label.Constant == "TRUE" ? 1 : 0;
            Report(Rules.Case, label.Place, "a bool is TRUE or FALSE");
            return 0;
        }
        long number = Number(label);
        bool fits = discriminant switch
        {
            EnumType type => type.Enum.Members.Any(member => member.Value == number),
            PrimitiveType { Kind: Primitive.Int } => number is >= int.MinValue and <= int.MaxValue,
            PrimitiveType { Kind: Primitive.UInt } => number is >= 0 and <= uint.MaxValue,
            _ => true,
        };
        if (!fits)
            Report(Rules.Case, label.Place, $"{label.Constant ?? number.ToString()} is no value of the discriminant");
        return number;
    }

    private Field? Member(Declaration declaration, Scope scope)
    {
        if (declaration.Kind == DeclarationKind.Void)
            return null;
        scope.Add(declaration.Name);
        if (declaration.Kind == DeclarationKind.Optional)
            scope.Add(declaration.Name with { Text = "has_" + declaration.Name.Text });
        return Resolve(declaration) is { } type ? new Field(declaration.Name.Text, type, declaration.Name.Place) : null;
    }

    private XdrType? Resolve(Declaration declaration)
    {
        var syntax = declaration.Type!;
        bool variable = declaration.Kind == DeclarationKind.VariableArray;
        bool array = variable || declaration.Kind == DeclarationKind.FixedArray;
        int length = declaration.Bound is { } bound ? (int)InRange(bound, 0, int.MaxValue) : int.MaxValue;
        if (syntax.Word is "opaque" or "string")
        {
            if (array && (variable || syntax.Word == "opaque"))
                return new BytesType(!variable, length);
            Report(Rules.Unsupported, syntax.Place, $"{syntax.Word} of this form; use opaque name[n], opaque name<n> or string name<n>");
            return null;
        }
        if (Lookup(syntax) is not { } element)
            return null;
        if (declaration.Kind == DeclarationKind.Plain)
            return element;
        if (element is ArrayType or OptionalType)
        {
            Report(Rules.Unsupported, syntax.Place, $"an array or pointer of {syntax.Word}, which is one already; put it into a struct");
            return null;
        }
        return array ? new ArrayType(element, !variable, length) : new OptionalType(element);
    }

    private XdrType? Lookup(TypeSyntax syntax)
    {
        string name = syntax.Inline?.Name.Text ?? syntax.Word;
        if (BuiltIn(name) is { } builtIn)
            return builtIn;
        if (enums.TryGetValue(name, out var enumeration))
            return new EnumType(enumeration);
        if (records.TryGetValue(name, out var record))
            return new RecordType(record);
        if (!typedefs.TryGetValue(name, out var typedef))
            Report(
                name == "quadruple" ? Rules.Unsupported : Rules.UnknownType,
                syntax.Place,
                name == "quadruple" ? "quadruple has no C# type" : $"the type {name} is not defined in this file");
        else if (!resolving.Add(name))
            Report(Rules.Recursion, syntax.Place, $"{name} is defined by itself");
        else
        {
            var type = Resolve(typedef.Declaration);
            resolving.Remove(name);
            return type;
        }
        return null;
    }

    private static PrimitiveType? BuiltIn(string name) => name switch
    {
        "int" => new PrimitiveType(Primitive.Int),
        "unsigned int" => new PrimitiveType(Primitive.UInt),
        "hyper" => new PrimitiveType(Primitive.Hyper),
        "unsigned hyper" => new PrimitiveType(Primitive.UHyper),
        "float" => new PrimitiveType(Primitive.Float),
        "double" => new PrimitiveType(Primitive.Double),
        "bool" => new PrimitiveType(Primitive.Bool),
        _ => null,
    };

    private long Number(Value value)
    {
        if (value.Constant is null)
            return value.Number;
        if (constants.TryGetValue(value.Constant, out long number))
            return number;
        Report(Rules.UnknownConstant, value.Place, $"the constant {value.Constant} is not defined before this place");
        return 0;
    }

    private long InRange(Value value, long low, long high)
    {
        long number = Number(value);
        if (number >= low && number <= high)
            return number;
        Report(Rules.Range, value.Place, $"{number} is not in {low}..{high}");
        return low < 0 ? 0 : low;
    }

    private void Unique(Name name)
    {
        if (!names.Add(name.Text))
            Report(Rules.Duplicate, name.Place, $"{name.Text} is defined twice");
    }

    private void Report(Microsoft.CodeAnalysis.DiagnosticDescriptor rule, Place place, string detail)
    {
        var problem = new Problem(rule, place, detail);
        if (!problems.Contains(problem))
            problems.Add(problem);
    }

    /// <summary>The members of one C# type: each name once, and none that the type itself or its methods have.</summary>
    private sealed class Scope(Binder binder, string owner, params string[] taken)
    {
        private readonly HashSet<string> members = [];

        public void Add(Name name)
        {
            if (name.Text == owner || taken.Contains(name.Text))
                binder.Report(Rules.Name, name.Place, $"{owner} cannot have a member that is called {name.Text}");
            if (!members.Add(name.Text))
                binder.Report(Rules.Duplicate, name.Place, $"{name.Text} is defined twice in {owner}");
        }
    }
}
