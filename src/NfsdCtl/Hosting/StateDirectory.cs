namespace NfsdCtl.Hosting;

/// <summary>
/// The directory of what belongs to this server as a whole. Locked while the server runs: two servers with one directory would
/// answer for each other.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    private readonly FileStream held;

    /// <exception cref="StartupException">Another server has it.</exception>
    public StateDirectory(string path)
    {
        Path = path;
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StartupException($"the state directory {path} is in use by another server ({e.Message}): give this one its own with --state-dir");
        }
    }

    public string Path { get; }

    public void Dispose() => held.Dispose();
}
