using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_ftype4;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.nfsstat4;

namespace NfsdCtl.SystemTests.Nfs4.Model;

/// <summary>
/// The reference: a tree of nodes, and what each operation does to it and answers, written from RFC 8881 §18, RFC 7530 §16 and rename(2). Everybody is root, so
/// rights play no part.
/// </summary>
/// <param name="client">Whose minor version says what some statuses are, and whether seqids count.</param>
/// <param name="owner">Opens all files. In minor version 0 it is confirmed already, by seqids 1 and 2.</param>
internal sealed partial class ModelWorld(byte[] rootHandle, INfs4Client client, string owner)
{
    private const uint NewFileMode = 0x1A4;
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "", ".", "..", "a/b", new('x', 255), new('x', 256)];

    private readonly List<ModelNode> known = [];
    private uint seqid = 2;
    private ModelNode? current;
    private ModelNode? saved;

    public ModelNode Root { get; } = new(NF4DIR) { Handle = rootHandle, Mode = 0x1ED };

    /// <summary>Files that are open.</summary>
    public List<ModelNode> Open { get; } = [];

    /// <summary>A compound begins.</summary>
    public void Begin() => current = saved = null;

    /// <summary>
    /// Does a step, and tells how it is sent and what is to come back. Null: what it is about is no business of the model's (a removed file that the compound
    /// still has, the directory above the root).
    /// </summary>
    public ModelOperation? Do(ModelStep step)
    {
        if (current is { IsRemoved: true } && step.Action is not (ModelAction.PutRoot or ModelAction.PutKnown or ModelAction.RestoreFh))
            return null;
        if (saved is { IsRemoved: true } && step.Action is (ModelAction.RestoreFh or ModelAction.Rename or ModelAction.Link))
            return null;
        return step.Action switch
        {
            ModelAction.PutRoot => PutFh(Root),
            ModelAction.PutKnown => known.Count == 0 ? null : PutFh(known[step.A % known.Count]),
            ModelAction.RestoreFh => RestoreFh(),
            _ when current is null => Other(step) is { } operation ? operation with { Status = NFS4ERR_NOFILEHANDLE, Body = null } : null,
            _ => Other(step),
        };
    }

    /// <summary>CLOSE of what is open under a stateid.</summary>
    public OperationArguments CloseArguments(StateId stateId)
    {
        uint number = NextSeqid();
        return (ref XdrWriter w) =>
        {
            w.U32(number);
            stateId.Write(w.Take(StateId.Size));
        };
    }

    /// <summary>The owner's next in minor version 0; no seqid is looked at later.</summary>
    private uint NextSeqid() => client.MinorVersion == 0 ? ++seqid : 0;

    private static ModelOperation Failed(nfs_opnum4 number, OperationArguments? arguments, nfsstat4 status) => new(number, arguments, status);

    private static OperationArguments Text(string name) => (ref XdrWriter w) => w.Opaque(Encoding.UTF8.GetBytes(name));

    private static string NameOf(int number) => Names[number < 90 ? number % 5 : 5 + number % (Names.Length - 5)];

    private static nfsstat4 CheckName(string name) => name switch
    {
        "" => NFS4ERR_INVAL,
        { Length: > 255 } => NFS4ERR_NAMETOOLONG,
        "." or ".." => NFS4ERR_BADNAME,
        _ => name.Contains('/') ? NFS4ERR_BADNAME : NFS4_OK,
    };

    private ModelOperation PutFh(ModelNode node)
    {
        byte[] handle = node.Handle!;
        // What is open keeps its handle when its last name goes (RFC 8881 §4.2.3).
        bool stale = node.IsRemoved && node.Open is null;
        if (!stale)
            current = node;
        return new(OP_PUTFH, (ref XdrWriter w) => w.Opaque(handle), stale ? NFS4ERR_STALE : NFS4_OK);
    }

    private ModelOperation RestoreFh()
    {
        if (saved is null)
            return new(OP_RESTOREFH, null, client.MinorVersion == 0 ? NFS4ERR_RESTOREFH : NFS4ERR_NOFILEHANDLE);
        current = saved;
        return new(OP_RESTOREFH, null, NFS4_OK);
    }

    /// <summary>Operations on the current file. Without one they are made all the same, and change nothing.</summary>
    private ModelOperation? Other(ModelStep step)
    {
        string name = NameOf(step.A);
        return step.Action switch
        {
            ModelAction.GetFh => GetFh(),
            ModelAction.Lookup => Lookup(name),
            ModelAction.LookupP => LookupP(),
            ModelAction.MakeDirectory => Create(name, new ModelNode(NF4DIR, current) { Mode = (uint)step.B & 0x1FF | 0x1C0 }),
            ModelAction.MakeLink => Create(name, new ModelNode(NF4LNK) { Target = "to " + step.B }),
            ModelAction.OpenNew => OpenFile(name, createmode4.UNCHECKED4),
            ModelAction.OpenGuarded => OpenFile(name, createmode4.GUARDED4),
            ModelAction.OpenOld => OpenFile(name, null),
            ModelAction.Close => Close(),
            ModelAction.GetAttr => GetAttr(),
            ModelAction.SetMode => SetMode((uint)step.A * 7 & 0x1FF),
            ModelAction.SetSize => SetSize(step.A * 10),
            ModelAction.Write => Write(step.A * 10, step.B),
            ModelAction.Read => Read(step.A * 10, step.B),
            ModelAction.Remove => Remove(name),
            ModelAction.Rename => Rename(name, NameOf(step.B)),
            ModelAction.Link => Link(name),
            ModelAction.ReadLink => ReadLink(),
            ModelAction.ReadDir => ReadDir(),
            ModelAction.SaveFh => SaveFh(),
            ModelAction.VerifySize => VerifySize(OP_VERIFY, step.A % 2 == 0, NFS4_OK, NFS4ERR_NOT_SAME),
            ModelAction.NVerifySize => VerifySize(OP_NVERIFY, step.A % 2 == 0, NFS4ERR_SAME, NFS4_OK),
            _ => throw new ArgumentOutOfRangeException(nameof(step), step.Action, "no such action"),
        };
    }

    private ModelOperation SaveFh()
    {
        saved = current ?? saved;
        return new(OP_SAVEFH, null, NFS4_OK);
    }

    private ModelOperation GetFh()
    {
        var node = current;
        return new(OP_GETFH, null, NFS4_OK, (ref XdrReader body) =>
        {
            byte[] handle = body.Opaque(128).ToArray();
            if (node!.Handle is { } before)
            {
                Assert.That(handle, Is.EqualTo(before), "one handle for each file");
                return;
            }
            Assert.That(known.Exists(n => n.Handle!.AsSpan().SequenceEqual(handle)), Is.False, "one file for each handle");
            node.Handle = handle;
            known.Add(node);
        });
    }

    private ModelOperation Lookup(string name)
    {
        var status = current is null ? NFS4_OK : InDirectory(current, name);
        if (status == NFS4_OK && current is not null && !current.Names.ContainsKey(name))
            status = NFS4ERR_NOENT;
        if (status == NFS4_OK && current is not null)
            current = current.Names[name];
        return new(OP_LOOKUP, Text(name), status);
    }

    private ModelOperation? LookupP()
    {
        if (current == Root)
            return null;
        var status = current is null ? NFS4_OK : DirectoryOrLink(current);
        if (status == NFS4_OK && current is not null)
            current = current.Parent;
        return new(OP_LOOKUPP, null, status);
    }

    private ModelOperation Create(string name, ModelNode made)
    {
        OperationArguments arguments = (ref XdrWriter w) =>
        {
            w.U32((uint)made.Type);
            if (made.Type == NF4LNK)
                w.Opaque(Encoding.UTF8.GetBytes(made.Target));
            w.Opaque(Encoding.UTF8.GetBytes(name));
            OperationWriters.WriteBitmap(made.IsDirectory ? [Nfs4Constants.FATTR4_MODE] : [], ref w);
            w.U32(made.IsDirectory ? 4u : 0);
            if (made.IsDirectory)
                w.U32(made.Mode);
        };
        if (current is null)
            return Failed(OP_CREATE, arguments, NFS4_OK);
        var status = !current.IsDirectory ? NFS4ERR_NOTDIR : CheckName(name);
        if (status == NFS4_OK && current.Names.ContainsKey(name))
            status = NFS4ERR_EXIST;
        if (status != NFS4_OK)
            return Failed(OP_CREATE, arguments, status);
        current.Names.Add(name, made);
        current = made;
        return new(OP_CREATE, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            ChangeInfo(ref body);
            AttributeSet.Read(ref body);
        });
    }

    private ModelOperation OpenFile(string name, createmode4? mode)
    {
        // Without a file it fails before the seqid is looked at.
        uint number = current is null ? 0 : NextSeqid();
        OperationArguments arguments = (ref XdrWriter w) => OperationWriters.WriteOpen(ref w, owner, name, 3, 0, mode, 0, number, client.ClientId);
        if (current is null)
            return Failed(OP_OPEN, arguments, NFS4_OK);
        var status = InDirectory(current, name);
        bool exists = status == NFS4_OK && current.Names.ContainsKey(name);
        if (status == NFS4_OK)
            status = exists ? OpenExisting(current.Names[name], mode) : mode is null ? NFS4ERR_NOENT : NFS4_OK;
        if (status != NFS4_OK)
            return Failed(OP_OPEN, arguments, status);
        if (!exists)
            current.Names.Add(name, new ModelNode(NF4REG) { Mode = NewFileMode });
        var node = current = current.Names[name];
        // Open from now on, under a stateid that the answer tells.
        if (node.Open is null)
            Open.Add(node);
        node.Open = default(StateId);
        return new(OP_OPEN, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            node.Open = StateId.Read(body.Fixed(StateId.Size));
            ChangeInfo(ref body);
            body.U32();
            AttributeSet.Read(ref body);
            Assert.That(body.U32(), Is.EqualTo((uint)open_delegation_type4.OPEN_DELEGATE_NONE));
        });
    }

    private static nfsstat4 OpenExisting(ModelNode node, createmode4? mode) => mode == createmode4.GUARDED4 ? NFS4ERR_EXIST : node.Type switch
    {
        NF4DIR => NFS4ERR_ISDIR,
        NF4LNK => NFS4ERR_SYMLINK,
        _ => NFS4_OK,
    };

    /// <summary>Only of what an earlier compound opened: its stateid is known.</summary>
    private ModelOperation? Close()
    {
        if (current is null or { Open: null } or { Open: { Number: 0 } })
            return null;
        var node = current;
        var stateId = node.Open!.Value;
        node.Open = null;
        Open.Remove(node);
        return new(OP_CLOSE, CloseArguments(stateId), NFS4_OK, (ref XdrReader body) => body.Fixed(StateId.Size));
    }

    /// <summary>LOOKUP and OPEN tell a symbolic link from what else is no directory.</summary>
    private static nfsstat4 InDirectory(ModelNode directory, string name)
    {
        var status = DirectoryOrLink(directory);
        return status == NFS4_OK ? CheckName(name) : status;
    }

    private static nfsstat4 DirectoryOrLink(ModelNode node) => node.Type switch
    {
        NF4DIR => NFS4_OK,
        NF4LNK => NFS4ERR_SYMLINK,
        _ => NFS4ERR_NOTDIR,
    };

    private static void ChangeInfo(ref XdrReader body)
    {
        body.Bool();
        body.U64();
        body.U64();
    }
}
