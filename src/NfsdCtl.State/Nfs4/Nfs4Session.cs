namespace NfsdCtl.State.Nfs4;

/// <summary>A session. Owned by the state; others read what never changes and hand it back.</summary>
public sealed class Nfs4Session
{
    internal Nfs4Session(Nfs4Client client, in SessionId id)
    {
        Client = client;
        Id = id;
    }

    public SessionId Id { get; }

    public Nfs4Client Client { get; }

    /// <summary>What was agreed for calls of the client.</summary>
    public ChannelAttributes Fore { get; internal init; }

    /// <summary>What was agreed for call-backs.</summary>
    public ChannelAttributes Back { get; internal init; }

    public uint CallbackProgram { get; internal set; }

    /// <summary>It was destroyed, or its client has gone.</summary>
    public bool IsDead { get; internal set; }
}
