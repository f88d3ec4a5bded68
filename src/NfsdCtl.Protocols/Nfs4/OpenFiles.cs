using NfsdCtl.Protocols.Effects;
using NfsdCtl.State;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>Keeps files as long as a client has them open, whether they have a name or not (RFC 8881 §4.2.3, §18.25.4).</summary>
internal sealed class OpenFiles
{
    [ThreadStatic]
    private static EffectList? scratch;

    private readonly ServerState state;
    private readonly FileService files;
    private readonly EffectRunner effects;
    private readonly Lock[] stripes = new Lock[64];

    public OpenFiles(ServerState state, FileService files, EffectRunner effects)
    {
        this.state = state;
        this.files = files;
        this.effects = effects;
        for (int i = 0; i < stripes.Length; i++)
            stripes[i] = new Lock();
        effects.FileIdle += Release;
    }

    /// <summary>The state has it open now. False: too many files are open.</summary>
    public bool Hold(in FileRef file)
    {
        lock (StripeOf(file.Key))
            return files.Hold(file);
    }

    /// <summary>The state said that nothing is left on the file; somebody may have opened it again meanwhile.</summary>
    private void Release(FileKey file)
    {
        var own = scratch ?? new EffectList();
        scratch = null;
        lock (StripeOf(file))
        {
            bool open;
            using (var gate = state.Enter(own))
                open = state.Nfs4.Opens.IsOpen(gate, file);
            if (!open)
                files.Unhold(file);
        }
        effects.Run(own);
        scratch = own;
    }

    private Lock StripeOf(in FileKey file) => stripes[(uint)file.GetHashCode() % (uint)stripes.Length];
}
