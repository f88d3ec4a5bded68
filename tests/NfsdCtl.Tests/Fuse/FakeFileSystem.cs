using System.Text;
using NfsdCtl.Fuse;
using NfsdCtl.Linux;

namespace NfsdCtl.Tests.Fuse;

/// <summary>One file, one directory with a file, one link.</summary>
internal sealed class FakeFileSystem : IFuseFileSystem
{
    public List<string> Calls { get; } = [];

    public Func<FuseContext, int>? OnWrite { get; set; }

    public int GetAttr(ReadOnlySpan<byte> path, ref FuseAttributes attributes)
    {
        uint mode = Encoding.UTF8.GetString(path) switch
        {
            "/" or "/dir" => FuseAttributes.S_IFDIR | 0x1ED,
            "/file" or "/dir/file" => FuseAttributes.S_IFREG | 0x180,
            "/link" => FuseAttributes.S_IFLNK | 0x1FF,
            "/throws" => throw new InvalidOperationException("planted"),
            _ => 0,
        };
        if (mode == 0)
            return -Errno.ENOENT;
        attributes = new FuseAttributes { Ino = (ulong)path.Length + 100, Mode = mode, Links = 1, Uid = 1, Gid = 2, Time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_250) };
        return 0;
    }

    public int ReadLink(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        if (!path.SequenceEqual("/link"u8))
            return -Errno.EINVAL;
        "target"u8.CopyTo(buffer);
        return 6;
    }

    public int ReadDir(ReadOnlySpan<byte> path, FuseDirectoryContent content)
    {
        if (!path.SequenceEqual("/"u8))
            return -Errno.ENOTDIR;
        for (int i = 0; i < 100; i++)
            content.Add($"entry{i}ü", (ulong)i + 10, FuseAttributes.S_IFREG);
        return 0;
    }

    public int Open(ReadOnlySpan<byte> path, in FuseContext context, ref FuseFileInfo file)
    {
        Calls.Add($"open {Encoding.UTF8.GetString(path)} flags={file.Flags} pid={context.Pid} uid={context.Uid} gid={context.Gid}");
        file.DirectIo = true;
        file.Handle = "state";
        return 0;
    }

    public int Read(ReadOnlySpan<byte> path, ulong offset, Span<byte> buffer, in FuseContext context, ref FuseFileInfo file)
    {
        Calls.Add($"read {offset} {buffer.Length} {file.Handle}");
        int count = Math.Min(buffer.Length, 3);
        "abc"u8[..count].CopyTo(buffer);
        return count;
    }

    public int Write(ReadOnlySpan<byte> path, ulong offset, ReadOnlySpan<byte> data, in FuseContext context, ref FuseFileInfo file)
    {
        Calls.Add($"write {offset} {Encoding.UTF8.GetString(data)}");
        return OnWrite?.Invoke(context) ?? data.Length;
    }

    public void Release(ReadOnlySpan<byte> path, ref FuseFileInfo file) => Calls.Add($"release {Encoding.UTF8.GetString(path)}");
}
