using System.Globalization;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>export_features</c>: the export flags that are understood and those that may differ by security flavour (linux/nfsd/export.h), for nfs-utils.</summary>
internal sealed class ExportFeatures() : ReportFile("export_features", "export flags that are understood, and those that may differ by flavour")
{
    private const uint READONLY = 0x1;
    private const uint INSECURE_PORT = 0x2;
    private const uint ROOTSQUASH = 0x4;
    private const uint ALLSQUASH = 0x8;
    private const uint ASYNC = 0x10;
    private const uint NOHIDE = 0x200;
    private const uint NOSUBTREECHECK = 0x400;
    private const uint FSID = 0x2000;
    private const uint CROSSMOUNT = 0x4000;

    private const uint ByFlavour = READONLY | INSECURE_PORT | ROOTSQUASH | ALLSQUASH;
    private const uint All = ByFlavour | ASYNC | NOHIDE | NOSUBTREECHECK | FSID | CROSSMOUNT;

    protected override Answer Report() => Answer.Of(string.Create(CultureInfo.InvariantCulture, $"0x{All:x} 0x{ByFlavour:x}\n"));
}
