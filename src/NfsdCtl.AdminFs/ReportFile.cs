using System.Text;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs;

/// <summary>A file that only reports. The text is made when it is opened, so that a reader of many pages sees one moment.</summary>
public abstract class ReportFile(string name, string help, uint mode = 0x124 /* 0444 */) : AdminFile(name, mode, AdminFileKind.Report, help)
{
    /// <summary>The whole text.</summary>
    protected abstract Answer Report();

    public override IAdminHandle Open() => new Handle(Report());

    private sealed class Handle(Answer answer) : IAdminHandle
    {
        private readonly byte[] text = Encoding.UTF8.GetBytes(answer.Text);

        public int Read(ulong offset, Span<byte> buffer) => answer.Ok ? Slice.Copy(text, offset, buffer) : -answer.Error;

        public int Write(ulong offset, ReadOnlySpan<byte> data, Caller caller, CancellationToken interrupted) => -Errno.EINVAL;
    }
}

/// <summary>Reads at an offset.</summary>
internal static class Slice
{
    /// <summary>Copies what there is from the offset on; the count, 0 at the end.</summary>
    public static int Copy(ReadOnlySpan<byte> text, ulong offset, Span<byte> buffer)
    {
        if (offset >= (ulong)text.Length)
            return 0;
        var rest = text[(int)offset..];
        int count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        return count;
    }
}
