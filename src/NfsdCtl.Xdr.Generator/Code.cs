using System.Text;

namespace NfsdCtl.Xdr.Generator;

/// <summary>C# text with its indentation.</summary>
internal sealed class Code
{
    private readonly StringBuilder text = new();
    private int depth;

    public void Line(string line)
    {
        if (line.Length > 0)
            text.Append(' ', 4 * depth).Append(line);
        text.Append('\n');
    }

    public void Lines(params string[] lines)
    {
        foreach (string line in lines)
            Line(line);
    }

    /// <summary>A head, and in braces behind it what is written until it is disposed.</summary>
    public Block Open(string head, string close = "}")
    {
        Lines(head, "{");
        depth++;
        return new Block(this, close);
    }

    public override string ToString() => text.ToString();

    public readonly struct Block(Code code, string close) : IDisposable
    {
        public void Dispose()
        {
            code.depth--;
            code.Line(close);
        }
    }
}
