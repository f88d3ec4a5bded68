namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// Keeps a file that clients have open, until <see cref="Unhold"/>: when its last name is removed, its data and its handle stay, as
    /// those of a local program's open file do. Held twice is held once. False: too many are.
    /// </summary>
    public bool Hold(in FileRef file) => nodes.Hold(file.Node);

    /// <summary>Nobody has the file open any more. One that was not held is left alone.</summary>
    public void Unhold(in FileKey file) => nodes.Unhold(file);
}
