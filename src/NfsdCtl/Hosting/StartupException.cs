namespace NfsdCtl.Hosting;

/// <summary>The server cannot start; each line says why, with the remedy.</summary>
public sealed class StartupException(params string[] lines) : Exception(string.Join(Environment.NewLine, lines))
{
    public IReadOnlyList<string> Lines { get; } = lines;
}
