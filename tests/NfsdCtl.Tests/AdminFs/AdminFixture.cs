using System.Text;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.AdminFs;
using NfsdCtl.Control;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.Tests.AdminFs;

/// <summary>The admin files over a fake server, used as a shell would, without a mount.</summary>
public abstract class AdminFixture
{
    protected static readonly NetAddress Served = NetAddress.FromV4(0x0A000001);

    protected FakeServerControl Control { get; private set; } = new();

    protected List<AuditRecord> Audit { get; } = [];

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    protected AdminTree Tree { get; private set; } = null!;

    [SetUp]
    public void MakeTree()
    {
        Audit.Clear();
        Control = new FakeServerControl();
        Control.Served.Add(Served);
        Tree = new AdminTree(new AdminHost(Control, Time, Audit.Add) { WorkingDirectory = pid => pid == 42 ? "/home/admin" : null });
    }

    protected IAdminHandle Open(string name) => Tree.Find(Encoding.UTF8.GetBytes("/" + name))?.File?.Open() ?? throw new FileNotFoundException(name);

    /// <summary>One write on a fresh descriptor: the count or a negative errno.</summary>
    protected int Write(string name, string text) => Write(Open(name), text);

    protected static int Write(IAdminHandle handle, string text) => handle.Write(0, Encoding.UTF8.GetBytes(text), new Caller(42, 0, 0), CancellationToken.None);

    /// <summary>One write, then what can be read back where the write left the offset.</summary>
    protected string Ask(string name, string text)
    {
        var handle = Open(name);
        int count = Write(handle, text);
        Assert.That(count, Is.EqualTo(Encoding.UTF8.GetByteCount(text)), $"write to {name}");
        return ReadAll(handle, (ulong)count);
    }

    /// <summary>What a fresh descriptor reads.</summary>
    protected string Read(string name) => ReadAll(Open(name), 0);

    protected static string ReadAll(IAdminHandle handle, ulong offset)
    {
        var text = new List<byte>();
        byte[] buffer = new byte[100];
        int count;
        while ((count = handle.Read(offset, buffer)) > 0)
        {
            text.AddRange(buffer[..count]);
            offset += (ulong)count;
        }
        Assert.That(count, Is.Zero, "read");
        return Encoding.UTF8.GetString([.. text]);
    }
}
