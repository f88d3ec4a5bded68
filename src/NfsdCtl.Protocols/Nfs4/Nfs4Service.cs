using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Protocols.Nfs4.Pseudo;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Replies;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>What the operations of NFSv4 share.</summary>
internal sealed class Nfs4Service
{
    public required ServerState State { get; init; }

    public required FileService Files { get; init; }

    public required IAttributeCodec Attributes { get; init; }

    public required IPseudoFileSystem Pseudo { get; init; }

    public required RecordWriter Records { get; init; }

    public required LocalLocks LocalLocks { get; init; }

    public required EffectRunner Effects { get; init; }

    /// <summary>Answers of minor version 0 that are sent again.</summary>
    public required ReplyCache Replies { get; init; }

    public required OpenFiles OpenFiles { get; init; }

    /// <summary>Copies that go on after their answer.</summary>
    public required CopyJobs Copies { get; init; }

    public SessionConnections Connections { get; } = new();

    public required Nfs4Options Options { get; init; }

    public Nfs4State Nfs4 => State.Nfs4;
}
