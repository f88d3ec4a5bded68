namespace NfsdCtl.Fuse;

/// <summary>A filesystem cannot be mounted. The message is one line that names the remedy.</summary>
public sealed class FuseException(string message) : Exception(message);
