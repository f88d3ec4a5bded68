using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using NfsdCtl.Linux;

namespace NfsdCtl.Fuse;

/// <summary>
/// Answers requests of the kernel's FUSE protocol: bytes in, bytes out, no descriptor and no thread of its own. Every request that names
/// itself (a whole header) gets an answer or, where the protocol wants none, silence; a request that is cut short gets EINVAL.
/// </summary>
/// <remarks>
/// Thread-safe. Operations that are not here get ENOSYS, which the kernel remembers and replaces by something apt: no FLUSH and FSYNC that succeed, POLL always
/// ready, LSEEK by the size, ENOTTY for ioctl, EOPNOTSUPP for extended attributes.
/// </remarks>
public sealed class FuseDispatcher(IFuseFileSystem fileSystem, Action<Exception>? onBug = null)
{
    /// <summary>The largest WRITE that is taken in one request, in bytes; the kernel cuts longer ones.</summary>
    public const int MaxWrite = 64 * 1024;

    /// <summary>The largest READ and READDIR that is answered in one reply, in bytes.</summary>
    public const int MaxRead = 128 * 1024;

    /// <summary>The smallest buffer for requests: read(2) gives EINVAL for less than FUSE_MIN_READ_BUFFER or the largest WRITE.</summary>
    public const int RequestBuffer = MaxWrite + 4096;

    /// <summary>The smallest buffer for replies.</summary>
    public const int ReplyBuffer = MaxRead + FuseOutHeader.Size;

    private const uint WantedFlags = FuseConstants.ATOMIC_O_TRUNC | FuseConstants.BIG_WRITES | FuseConstants.PARALLEL_DIROPS;

    private readonly NodeTable nodes = new();
    private readonly OpenTable<OpenFile> files = new();
    private readonly OpenTable<FuseDirectoryContent> directories = new();

    /// <summary>How many nodes the kernel knows, open files and open directories.</summary>
    public (int Nodes, int Files, int Directories) Counts => (nodes.Count, files.Count, directories.Count);

    /// <summary>The header, or false when there is none or it contradicts the number of bytes.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> request, out FuseInHeader header) =>
        MemoryMarshal.TryRead(request, out header) && header.Length == request.Length;

    /// <summary>True for the operations that may block in the filesystem.</summary>
    public static bool MayBlock(FuseOpcode opcode) => opcode is FuseOpcode.Open or FuseOpcode.Write;

    /// <summary>The request that an INTERRUPT means.</summary>
    public static bool TryReadInterrupt(ReadOnlySpan<byte> request, out ulong unique) =>
        MemoryMarshal.TryRead(request[FuseInHeader.Size..], out unique);

    /// <summary>Writes an answer that is an error.</summary>
    /// <param name="errno">Positive, or 0 for an answer without a body.</param>
    public static int WriteError(Span<byte> reply, ulong unique, int errno)
    {
        var header = new FuseOutHeader { Length = FuseOutHeader.Size, Error = -errno, Unique = unique };
        MemoryMarshal.Write(reply, header);
        return FuseOutHeader.Size;
    }

    /// <summary>Answers one request.</summary>
    /// <param name="reply">At least <see cref="ReplyBuffer"/> bytes.</param>
    /// <returns>The length of the answer; 0 when there must be none.</returns>
    public int Process(ReadOnlySpan<byte> request, Span<byte> reply, CancellationToken interrupted = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reply.Length, ReplyBuffer);
        if (!TryReadHeader(request, out var header))
            return 0;
        var call = new Call(header, request[FuseInHeader.Size..], reply[..ReplyBuffer], interrupted);
        try
        {
            return Dispatch(call);
        }
        catch (Exception e)
        {
            onBug?.Invoke(e);
            return header.Opcode is FuseOpcode.Forget or FuseOpcode.BatchForget ? 0 : call.Error(Errno.EIO);
        }
    }

    /// <summary>Takes back what an answer gave to the kernel, when the kernel no longer wanted it (its request was interrupted).</summary>
    public void Withdraw(FuseOpcode opcode, ReadOnlySpan<byte> reply)
    {
        var body = reply[Math.Min(FuseOutHeader.Size, reply.Length)..];
        if (!MemoryMarshal.TryRead(body, out ulong first))
            return;
        switch (opcode)
        {
            case FuseOpcode.Lookup:
                nodes.Forget(first, 1);
                break;
            case FuseOpcode.Open:
                CloseFile(first);
                break;
            case FuseOpcode.OpenDir:
                directories.Remove(first);
                break;
        }
    }

    private int Dispatch(in Call call) => call.Header.Opcode switch
    {
        FuseOpcode.Init => Init(call),
        FuseOpcode.Lookup => Lookup(call),
        FuseOpcode.Forget => Forget(call),
        FuseOpcode.BatchForget => BatchForget(call),
        FuseOpcode.GetAttr => GetAttr(call),
        FuseOpcode.SetAttr => SetAttr(call),
        FuseOpcode.ReadLink => ReadLink(call),
        FuseOpcode.Open => Open(call),
        FuseOpcode.Read => Read(call),
        FuseOpcode.Write => Write(call),
        FuseOpcode.Release => Release(call),
        FuseOpcode.OpenDir => OpenDir(call),
        FuseOpcode.ReadDir => ReadDir(call),
        FuseOpcode.ReleaseDir => ReleaseDir(call),
        FuseOpcode.StatFs => call.Answer(new FuseStatFs { BlockSize = 4096, NameLength = FuseConstants.MaxName, FragmentSize = 4096 }),
        FuseOpcode.Destroy => call.Error(0),
        FuseOpcode.Interrupt => 0,
        // What the kernel's nfsd filesystem says to those who try.
        FuseOpcode.Create or FuseOpcode.MkNod or FuseOpcode.TmpFile => call.Error(Errno.EACCES),
        FuseOpcode.SymLink or FuseOpcode.MkDir or FuseOpcode.Unlink or FuseOpcode.RmDir or FuseOpcode.Rename or FuseOpcode.Rename2
            or FuseOpcode.Link => call.Error(Errno.EPERM),
        _ => call.Error(Errno.ENOSYS),
    };

    private static int Init(in Call call)
    {
        if (!call.TryBody(out FuseInitIn wanted))
            return call.Error(Errno.EINVAL);
        // A newer major: the kernel starts again with the one that we answer (linux/fuse.h, FUSE_INIT).
        if (wanted.Major > FuseConstants.KernelMajor)
            return call.Answer(new FuseInitOut { Major = FuseConstants.KernelMajor, Minor = FuseConstants.KernelMinor });
        if (wanted.Major < FuseConstants.KernelMajor || wanted.Minor < FuseConstants.OldestMinor)
            return call.Error(Errno.EPROTO);
        return call.Answer(new FuseInitOut
        {
            Major = FuseConstants.KernelMajor,
            Minor = Math.Min(wanted.Minor, FuseConstants.KernelMinor),
            MaxReadahead = 0,
            Flags = wanted.Flags & WantedFlags,
            MaxBackground = 16,
            CongestionThreshold = 12,
            MaxWrite = MaxWrite,
            TimeGranularity = 1,
        });
    }

    private int Lookup(in Call call)
    {
        int end = call.Body.IndexOf((byte)0);
        if (end <= 0)
            return call.Error(Errno.EINVAL);
        if (end > FuseConstants.MaxName)
            return call.Error(Errno.ENAMETOOLONG);
        if (nodes.PathOf(call.Header.Node) is not { } parent)
            return call.Error(Errno.ESTALE);
        byte[] path = parent.Length == 1 ? [.. parent, .. call.Body[..end]] : [.. parent, (byte)'/', .. call.Body[..end]];
        var attributes = new FuseAttributes();
        int result = fileSystem.GetAttr(path, ref attributes);
        if (result < 0)
            return call.Error(-result);
        return call.Answer(new FuseEntryOut { Node = nodes.Remember(path, attributes.IsDirectory), Attributes = Encode(attributes) });
    }

    private int Forget(in Call call)
    {
        if (call.TryBody(out ulong lookups))
            nodes.Forget(call.Header.Node, lookups);
        return 0;
    }

    private int BatchForget(in Call call)
    {
        if (!call.TryBody(out FuseBatchForgetIn batch))
            return 0;
        var rest = call.Body[Unsafe.SizeOf<FuseBatchForgetIn>()..];
        for (uint i = 0; i < batch.Count && MemoryMarshal.TryRead(rest, out FuseForgetOne one); i++)
        {
            nodes.Forget(one.Node, one.Lookups);
            rest = rest[Unsafe.SizeOf<FuseForgetOne>()..];
        }
        return 0;
    }

    private int GetAttr(in Call call)
    {
        if (nodes.PathOf(call.Header.Node) is not { } path)
            return call.Error(Errno.ESTALE);
        var attributes = new FuseAttributes();
        int result = fileSystem.GetAttr(path, ref attributes);
        return result < 0 ? call.Error(-result) : call.Answer(new FuseAttrOut { Attributes = Encode(attributes) });
    }

    /// <summary>Truncation and times are accepted and ignored, as every shell's <c>&gt;</c> needs; modes and owners are fixed.</summary>
    private int SetAttr(in Call call)
    {
        if (!call.TryBody(out FuseSetAttrIn change))
            return call.Error(Errno.EINVAL);
        bool isFixed = (change.Valid & (FuseConstants.FATTR_MODE | FuseConstants.FATTR_UID | FuseConstants.FATTR_GID)) != 0;
        return isFixed ? call.Error(Errno.EPERM) : GetAttr(call);
    }

    private int ReadLink(in Call call)
    {
        if (nodes.PathOf(call.Header.Node) is not { } path)
            return call.Error(Errno.ESTALE);
        return call.AnswerCount(fileSystem.ReadLink(path, call.Payload[..4095]));
    }

    private int Open(in Call call)
    {
        if (!call.TryBody(out FuseOpenIn wanted))
            return call.Error(Errno.EINVAL);
        if (nodes.PathOf(call.Header.Node) is not { } path)
            return call.Error(Errno.ESTALE);
        var file = new OpenFile(path) { Info = { Flags = (int)wanted.Flags } };
        int result = fileSystem.Open(path, call.Context, ref file.Info);
        if (result < 0)
            return call.Error(-result);
        uint flags = (file.Info.DirectIo ? FuseConstants.FOPEN_DIRECT_IO : 0) | (file.Info.NonSeekable ? FuseConstants.FOPEN_NONSEEKABLE : 0);
        return call.Answer(new FuseOpenOut { Handle = files.Add(file), OpenFlags = flags });
    }

    private int Read(in Call call)
    {
        if (!call.TryBody(out FuseIoIn io))
            return call.Error(Errno.EINVAL);
        if (files.Find(io.Handle) is not { } file)
            return call.Error(Errno.EBADF);
        var buffer = call.Payload[..(int)Math.Min(io.Count, MaxRead)];
        return call.AnswerCount(fileSystem.Read(file.Path, io.Offset, buffer, call.Context, ref file.Info));
    }

    private int Write(in Call call)
    {
        if (!call.TryBody(out FuseIoIn io))
            return call.Error(Errno.EINVAL);
        var data = call.Body[Unsafe.SizeOf<FuseIoIn>()..];
        if (io.Count > data.Length)
            return call.Error(Errno.EINVAL);
        if (files.Find(io.Handle) is not { } file)
            return call.Error(Errno.EBADF);
        int result = fileSystem.Write(file.Path, io.Offset, data[..(int)io.Count], call.Context, ref file.Info);
        return result < 0 ? call.Error(-result) : call.Answer(new FuseWriteOut { Count = (uint)result });
    }

    private int Release(in Call call)
    {
        if (!call.TryBody(out FuseReleaseIn release))
            return call.Error(Errno.EINVAL);
        CloseFile(release.Handle);
        return call.Error(0);
    }

    private void CloseFile(ulong handle)
    {
        if (files.Remove(handle) is { } file)
            fileSystem.Release(file.Path, ref file.Info);
    }

    private int OpenDir(in Call call)
    {
        if (nodes.PathOf(call.Header.Node) is not { } path)
            return call.Error(Errno.ESTALE);
        var content = new FuseDirectoryContent();
        content.Add(".", call.Header.Node, FuseAttributes.S_IFDIR);
        content.Add("..", FuseConstants.RootNode, FuseAttributes.S_IFDIR);
        int result = fileSystem.ReadDir(path, content);
        return result < 0 ? call.Error(-result) : call.Answer(new FuseOpenOut { Handle = directories.Add(content) });
    }

    private int ReadDir(in Call call)
    {
        if (!call.TryBody(out FuseIoIn io))
            return call.Error(Errno.EINVAL);
        if (directories.Find(io.Handle) is not { } content)
            return call.Error(Errno.EBADF);
        var room = call.Payload[..(int)Math.Min(io.Count, MaxRead)];
        int used = 0;
        for (ulong i = io.Offset; i < (ulong)content.Entries.Count; i++)
        {
            var (name, ino, mode) = content.Entries[(int)i];
            int length = Encoding.UTF8.GetByteCount(name);
            int padded = (FuseDirent.Size + length + 7) & ~7;
            if (used + padded > room.Length)
                break;
            var entry = new FuseDirent { Ino = ino, Offset = i + 1, NameLength = (uint)length, Type = (mode & FuseAttributes.S_IFMT) >> 12 };
            MemoryMarshal.Write(room[used..], entry);
            Encoding.UTF8.GetBytes(name, room[(used + FuseDirent.Size)..]);
            room[(used + FuseDirent.Size + length)..(used + padded)].Clear();
            used += padded;
        }
        return call.AnswerCount(used);
    }

    private int ReleaseDir(in Call call)
    {
        if (!call.TryBody(out FuseReleaseIn release))
            return call.Error(Errno.EINVAL);
        directories.Remove(release.Handle);
        return call.Error(0);
    }

    private static FuseAttr Encode(in FuseAttributes attributes)
    {
        ulong seconds = (ulong)Math.Max(0, attributes.Time.ToUnixTimeSeconds());
        uint nanoseconds = (uint)(attributes.Time.Ticks % TimeSpan.TicksPerSecond * 100);
        return new FuseAttr
        {
            Ino = attributes.Ino,
            AccessTime = seconds,
            ModifyTime = seconds,
            ChangeTime = seconds,
            AccessNanoseconds = nanoseconds,
            ModifyNanoseconds = nanoseconds,
            ChangeNanoseconds = nanoseconds,
            Mode = attributes.Mode,
            Links = attributes.Links,
            Uid = attributes.Uid,
            Gid = attributes.Gid,
            BlockSize = 4096,
        };
    }

    /// <summary>A request with room for its answer.</summary>
    private readonly ref struct Call(FuseInHeader header, ReadOnlySpan<byte> body, Span<byte> reply, CancellationToken interrupted)
    {
        private readonly Span<byte> reply = reply;

        public FuseInHeader Header { get; } = header;

        public ReadOnlySpan<byte> Body { get; } = body;

        /// <summary>Where the bytes of a variable answer go before <see cref="AnswerCount"/>.</summary>
        public Span<byte> Payload => reply[FuseOutHeader.Size..];

        public FuseContext Context => new((int)Header.Pid, Header.Uid, Header.Gid, interrupted);

        public bool TryBody<T>(out T value)
            where T : unmanaged => MemoryMarshal.TryRead(Body, out value);

        public int Error(int errno) => WriteError(reply, Header.Unique, errno);

        public int Answer<T>(in T body)
            where T : unmanaged
        {
            MemoryMarshal.Write(Payload, body);
            return AnswerCount(Unsafe.SizeOf<T>());
        }

        /// <summary>An answer whose body is already in <see cref="Payload"/>, or a negative errno.</summary>
        public int AnswerCount(int count)
        {
            if (count < 0)
                return Error(-count);
            int length = FuseOutHeader.Size + count;
            MemoryMarshal.Write(reply, new FuseOutHeader { Length = (uint)length, Unique = Header.Unique });
            return length;
        }
    }

    private sealed class OpenFile(byte[] path)
    {
        public readonly byte[] Path = path;
        public FuseFileInfo Info;
    }
}
