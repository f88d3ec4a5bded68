namespace NfsdCtl.Xdr.Generator;

/// <summary>
/// Recursive descent over the grammar of RFC 4506 §6.3 and the program definitions of RFC 5531 §12.2. Two habits of rpcgen
/// are accepted as well: <c>struct name</c> as a type, and procedures with several arguments.
/// </summary>
internal sealed class Parser
{
    private readonly Lexer lexer;
    private Token token;

    private Parser(string text)
    {
        lexer = new Lexer(text);
        token = lexer.Next();
    }

    /// <exception cref="SyntaxErrorException">At the first error.</exception>
    public static IReadOnlyList<Definition> Parse(string text)
    {
        var parser = new Parser(text);
        var definitions = new List<Definition>();
        while (parser.token.Kind != TokenKind.End)
            definitions.Add(parser.Definition());
        return definitions;
    }

    private Definition Definition()
    {
        var keyword = token;
        if (Accept("const"))
            return Const();
        if (Accept("typedef"))
            return Typedef();
        if (Accept("enum"))
            return Ended(EnumBody(Identifier()));
        if (Accept("struct"))
            return Ended(StructBody(Identifier()));
        if (Accept("union"))
            return Ended(UnionBody(Identifier()));
        if (Accept("program"))
            return Ended(ProgramBody(Identifier()));
        throw Unexpected(keyword, "const, typedef, enum, struct, union or program");
    }

    private T Ended<T>(T definition)
    {
        Expect(";");
        return definition;
    }

    private ConstDefinition Const()
    {
        var name = Identifier();
        Expect("=");
        return Ended(new ConstDefinition(name, Value()));
    }

    private TypedefDefinition Typedef()
    {
        var start = token;
        var declaration = Declaration(string.Empty);
        if (declaration.Kind == DeclarationKind.Void)
            throw Unexpected(start, "a declaration with a name");
        return Ended(new TypedefDefinition(declaration.Name, declaration));
    }

    private EnumDefinition EnumBody(Name name)
    {
        Expect("{");
        var members = new List<(Name, Value)>();
        do
        {
            var member = Identifier();
            Expect("=");
            members.Add((member, Value()));
        }
        while (Accept(","));
        Expect("}");
        return new EnumDefinition(name, members);
    }

    private StructDefinition StructBody(Name name)
    {
        Expect("{");
        var members = new List<Declaration>();
        do
        {
            members.Add(Declaration(name.Text));
            Expect(";");
        }
        while (!Accept("}"));
        return new StructDefinition(name, members);
    }

    private UnionDefinition UnionBody(Name name)
    {
        Expect("switch");
        Expect("(");
        var discriminant = Declaration(name.Text);
        Expect(")");
        Expect("{");
        var cases = new List<UnionCase>();
        bool last;
        do
        {
            last = token.Is("default");
            cases.Add(Case(name.Text));
        }
        while (!last && !token.Is("}"));
        Expect("}");
        return new UnionDefinition(name, discriminant, cases);
    }

    private UnionCase Case(string owner)
    {
        var labels = new List<Value>();
        if (Accept("default"))
            Expect(":");
        else
        {
            do
            {
                Expect("case");
                labels.Add(Value());
                Expect(":");
            }
            while (token.Is("case"));
        }
        var arm = Declaration(owner);
        Expect(";");
        return new UnionCase(labels, arm);
    }

    private Declaration Declaration(string owner)
    {
        var start = token;
        if (Accept("void"))
            return new Declaration(DeclarationKind.Void, null, new Name(string.Empty, start.Place), null);
        var type = TypeSpecifier(owner);
        bool optional = Accept("*");
        var name = Identifier();
        if (type.Inline is { } inline)
            type = type with { Inline = inline with { Name = new Name(JoinNames(owner, name.Text), inline.Name.Place) } };
        if (optional)
            return new Declaration(DeclarationKind.Optional, type, name, null);
        if (Accept("["))
        {
            var size = Value();
            Expect("]");
            return new Declaration(DeclarationKind.FixedArray, type, name, size);
        }
        if (Accept("<"))
        {
            var bound = token.Is(">") ? null : Value();
            Expect(">");
            return new Declaration(DeclarationKind.VariableArray, type, name, bound);
        }
        if (type.Word is "opaque" or "string")
            throw Unexpected(token, type.Word == "opaque" ? "[ or <" : "<");
        return new Declaration(DeclarationKind.Plain, type, name, null);
    }

    private static string JoinNames(string owner, string name) => owner.Length == 0 ? name : owner + "_" + name;

    /// <summary>
    /// A body in place gets no name here: <see cref="Declaration"/> names it after its owner and its member, so that two
    /// definitions can each have an inline type of the same member name.
    /// </summary>
    private TypeSyntax TypeSpecifier(string owner)
    {
        var word = token;
        var unnamed = new Name(owner, word.Place);
        if (Accept("unsigned"))
        {
            if (Accept("hyper"))
                return new TypeSyntax("unsigned hyper", word.Place, null);
            Accept("int");
            return new TypeSyntax("unsigned int", word.Place, null);
        }
        if (Accept("enum"))
            return token.Is("{") ? InPlace(word, EnumBody(unnamed)) : Reference();
        if (Accept("struct"))
            return token.Is("{") ? InPlace(word, StructBody(unnamed)) : Reference();
        if (Accept("union"))
            return token.Is("switch") ? InPlace(word, UnionBody(unnamed)) : Reference();
        return Reference();
    }

    private static TypeSyntax InPlace(Token word, Definition definition) => new(string.Empty, word.Place, definition);

    private TypeSyntax Reference()
    {
        var name = token;
        if (name.Kind != TokenKind.Identifier || (Keywords.IsReserved(name.Text) && !Keywords.IsBuiltIn(name.Text)))
            throw Unexpected(name, "a type");
        token = lexer.Next();
        return new TypeSyntax(name.Text, name.Place, null);
    }

    private ProgramDefinition ProgramBody(Name name)
    {
        Expect("{");
        var versions = new List<VersionSyntax>();
        do
            versions.Add(Version());
        while (!Accept("}"));
        Expect("=");
        return new ProgramDefinition(name, versions, Value());
    }

    private VersionSyntax Version()
    {
        Expect("version");
        var name = Identifier();
        Expect("{");
        var procedures = new List<ProcedureSyntax>();
        do
            procedures.Add(Procedure());
        while (!Accept("}"));
        Expect("=");
        return Ended(new VersionSyntax(name, procedures, Value()));
    }

    private ProcedureSyntax Procedure()
    {
        string result = ProcedureType();
        var name = Identifier();
        Expect("(");
        var arguments = new List<string>();
        do
            arguments.Add(ProcedureType());
        while (Accept(","));
        Expect(")");
        Expect("=");
        var number = Value();
        return Ended(new ProcedureSyntax(name, $"{result} {name.Text}({string.Join(", ", arguments)})", number));
    }

    private string ProcedureType() => Accept("void") ? "void" : TypeSpecifier(string.Empty).Word;

    private Name Identifier()
    {
        var name = token;
        if (name.Kind != TokenKind.Identifier || Keywords.IsReserved(name.Text))
            throw Unexpected(name, "a name");
        token = lexer.Next();
        return new Name(name.Text, name.Place);
    }

    private Value Value()
    {
        var value = token;
        if (value.Kind == TokenKind.Number)
        {
            token = lexer.Next();
            return new Value(null, value.Value, value.Place);
        }
        if (value.Kind != TokenKind.Identifier || Keywords.IsReserved(value.Text))
            throw Unexpected(value, "a number or the name of a constant");
        token = lexer.Next();
        return new Value(value.Text, 0, value.Place);
    }

    private bool Accept(string text)
    {
        if (!token.Is(text))
            return false;
        token = lexer.Next();
        return true;
    }

    private void Expect(string text)
    {
        if (!Accept(text))
            throw Unexpected(token, text);
    }

    private static SyntaxErrorException Unexpected(Token token, string wanted)
    {
        string found = token.Kind == TokenKind.End ? token.Text : $"'{token.Text}'";
        return new SyntaxErrorException(new Problem(Rules.Syntax, token.Place, $"expected {wanted}, found {found}"));
    }
}
