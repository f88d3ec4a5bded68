using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>max_block_size</c>: the largest READ and WRITE. Clamped and rounded down as the kernel does.</summary>
internal sealed class MaxBlockSize(AdminHost host) : NumberSetting(
    host, "max_block_size", 0x1A4, Setting.MaxBlockSize, 0, int.MaxValue, "largest READ and WRITE in bytes, 1024..1048576; not while serving")
{
    private const long Unit = 1024;
    private const long Largest = 1024 * Unit;

    protected override bool OnlyBeforeServing => true;

    protected override long Adjust(long value) => Math.Clamp(value, Unit, Largest) / Unit * Unit;
}
