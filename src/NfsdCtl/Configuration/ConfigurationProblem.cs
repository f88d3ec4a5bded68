namespace NfsdCtl.Configuration;

/// <summary>
/// One mistake in a configuration file or on the command line. Lines and columns count from 1; line 0 means that the
/// whole source is meant.
/// </summary>
public sealed record ConfigurationProblem(string Source, int Line, int Column, string Message)
{
    public override string ToString() => Line == 0 ? $"{Source}: {Message}" : $"{Source}:{Line}:{Column}: {Message}";
}

/// <summary>Thrown at the start of the server, with every mistake that was found.</summary>
public sealed class ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;
}
