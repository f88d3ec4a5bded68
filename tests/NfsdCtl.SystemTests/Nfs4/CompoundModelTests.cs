using System.Text;
using CsCheck;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.SystemTests.Nfs4.Model;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>
/// Random compounds on a directory, each operation's status and result against a small model of directories and files; in the end the directory itself.
/// What fails is shrunk by CsCheck, which tells the seed.
/// </summary>
[TestFixture(0u)]
[TestFixture(1u)]
[TestFixture(2u)]
public sealed class CompoundModelTests(uint minorVersion) : Nfs4TestBase
{
    private const int Trees = 400;

    /// <summary>Weighted so that trees grow: what makes, finds and opens comes more often than what removes.</summary>
    private static readonly ModelAction[] Weights =
    [
        .. Enum.GetValues<ModelAction>(), ModelAction.PutRoot, ModelAction.PutKnown, ModelAction.GetFh, ModelAction.Lookup, ModelAction.Lookup,
        ModelAction.Lookup, ModelAction.MakeDirectory, ModelAction.MakeDirectory, ModelAction.OpenNew, ModelAction.OpenNew, ModelAction.SaveFh, ModelAction.Rename,
        ModelAction.Rename, ModelAction.Write,
    ];

    private static readonly Gen<ModelStep> Steps = Gen.Select(
        Gen.Int[0, Weights.Length - 1], Gen.Int[0, 99], Gen.Int[0, 99], (action, a, b) => new ModelStep(Weights[action], a, b));

    private static readonly Gen<ModelStep[][]> Compounds = Steps.Array[1, 10].Array[1, 40];

    private INfs4Client client = null!;
    private int trees;

    [Test]
    public void Compounds_do_and_answer_what_a_model_of_files_says()
    {
        client = minorVersion == 0 ? new Nfs4ConfirmedClient(Server.Channel, "model") : new Nfs4SessionClient(Server.Channel, "model", minorVersion);
        // One after the other: they share a server.
        Compounds.Sample(Run, iter: Trees, threads: 1);
    }

    private void Run(ModelStep[][] compounds)
    {
        // Of all failures that lead to the smallest, only that one is told.
        using var isolated = new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext();
        string path = Path.Combine(ExportPath, $"tree{++trees}");
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
        var reader = client.Send(client.Compound().PutFh(Root).Lookup(Path.GetFileName(path)).Add(OP_GETFH)).Reader;
        reader.Fixed(client.OwnLength + 3 * 8);
        string owner = $"owner{trees}";
        var world = new ModelWorld(reader.Opaque(128).ToArray(), client, owner);
        if (client is Nfs4ConfirmedClient confirmed)
            confirmed.OpenFirst(Root, owner, "confirmed");
        try
        {
            foreach (var steps in compounds)
                Send(world, steps);
            Compare(world.Root, path);
        }
        finally
        {
            foreach (var node in world.Open)
            {
                byte[]? handle = node.Handle;
                if (handle is not null)
                    client.Try(client.Compound().PutFh(handle).Add(OP_CLOSE, world.CloseArguments(node.Open!.Value)));
            }
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>A compound begins at the root more often than not, so that most do something.</summary>
    private void Send(ModelWorld world, ModelStep[] steps)
    {
        world.Begin();
        var builder = client.Compound();
        var sent = new List<ModelOperation>();
        var expected = nfsstat4.NFS4_OK;
        bool rooted = steps[0].B % 8 != 0;
        foreach (var step in rooted ? [new ModelStep(ModelAction.PutRoot, 0, 0), .. steps] : steps)
        {
            if (world.Do(step) is not { } operation)
                continue;
            sent.Add(operation);
            builder.Add(operation.Number, operation.Arguments);
            expected = operation.Status;
            if (expected != nfsstat4.NFS4_OK)
                break;
        }
        // What is behind a failure is not executed.
        if (expected != nfsstat4.NFS4_OK)
            builder.PutFh(world.Root.Handle!).Remove("a");
        Check(sent, expected, client.Try(builder));
    }

    private void Check(List<ModelOperation> sent, nfsstat4 expected, CompoundResult result)
    {
        string story = string.Join(", ", sent.Select(o => o.Number));
        Assert.That(result.Status, Is.EqualTo(expected), story);
        Assert.That(result.Count, Is.EqualTo(client.OwnResults + sent.Count), story);
        var reader = result.Reader;
        reader.Fixed(client.OwnLength);
        foreach (var operation in sent)
        {
            Assert.That(((nfs_opnum4)reader.U32(), (nfsstat4)reader.U32()), Is.EqualTo((operation.Number, operation.Status)), story);
            if (operation.Status == nfsstat4.NFS4_OK)
                operation.Body?.Invoke(ref reader);
            // With a failure SETATTR tells that nothing was set.
            else if (operation.Number == OP_SETATTR)
                Assert.That(reader.U32(), Is.Zero, story);
            Assert.That(reader.Failed, Is.False, story);
        }
        Assert.That(reader.Remaining, Is.Zero, story);
    }

    private static void Compare(ModelNode directory, string path)
    {
        Assert.That(Directory.GetFileSystemEntries(path).Select(Path.GetFileName), Is.EquivalentTo(directory.Names.Keys), path);
        foreach (var (name, node) in directory.Names)
        {
            string at = Path.Combine(path, name);
            if (node.IsDirectory)
                Compare(node, at);
            else if (node.IsFile)
                Assert.That(File.ReadAllBytes(at), Is.EqualTo(node.Data), at);
            else
                Assert.That(new FileInfo(at).LinkTarget, Is.EqualTo(node.Target), at);
        }
    }
}
