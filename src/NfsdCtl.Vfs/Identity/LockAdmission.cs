using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Vfs;

/// <summary>That a user was found to have the right to lock a file through an export, at one tick of the node cache.</summary>
internal readonly struct LockAdmission(in FileKey key, Export export, in Credential credential, int tick)
{
    private readonly FileKey key = key;
    private readonly Export export = export;
    private readonly Credential credential = credential;
    private readonly int tick = tick;

    public bool Covers(in FileKey wanted, Export through, in Credential user, int now) =>
        ReferenceEquals(export, through) && tick == now && key == wanted && credential.Equals(user);
}
