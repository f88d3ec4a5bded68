using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>
/// Guest c1 with mounts of every version of NFSv4 beside that of NFSv3, and a lock through each of them: one file on each filesystem, in which
/// each version has ten bytes of its own.
/// </summary>
internal static class AllVersions
{
    public static readonly string[] Newer = ["4.0", "4.1", "4.2"];
    public static readonly string[] All = ["3", .. Newer];

    public static void Mount() => Array.ForEach(Newer, MountVersion);

    public static void Unmount() => Array.ForEach(Newer, UnmountVersion);

    /// <summary>The file of a version's mount.</summary>
    public static string File(string version, string of) => $"{MountsOf(version)}/{of}/versions";

    /// <summary>The step of lk that asks for a version's bytes.</summary>
    public static string Bytes(string version) => $"w:{Offset(version)}:10";

    /// <summary>Takes the locks of these versions on these filesystems; each holder writes under its lock at <see cref="Go"/>.</summary>
    public static void HoldAll(string[] versions, params string[] filesystems)
    {
        var holders = from version in versions from of in filesystems select $"lk {File(version, of)} {Bytes(version)} a:/tmp/go wr:{Offset(version)}:after sync p >/tmp/each-{of}-{version} 2>&1 &";
        Run("c1", $"""
            rm -f /tmp/each-* /tmp/go
            {string.Join('\n', holders)}
            for i in $(seq 300); do [ $(cat /tmp/each-* | grep -c holding) = {versions.Length * filesystems.Length} ] && exit 0; sleep .1; done
            cat /tmp/each-*; exit 1
            """);
    }

    /// <summary>Lets the holders write, and waits until each knows what came of it.</summary>
    public static void Go(int holders) =>
        Run("c1", $"touch /tmp/go; for i in $(seq 300); do [ $(cat /tmp/each-* | grep -c 'p holding') = {holders} ] && exit 0; sleep .1; done; cat /tmp/each-*; exit 1");

    /// <summary>What came of a holder's write and sync: "ok ok" where the client has its lock, "EIO …" where it knows that it lost it.</summary>
    public static string Written(string version, string of) => Run("c1", $"grep -E ' (wr:|sync)' /tmp/each-{of}-{version} | cut -d' ' -f3 | xargs");

    /// <summary>What the other guest is answered when it asks for the bytes of each version, through the same version.</summary>
    public static string[] Asked(string[] versions, string of) => [.. versions.Select(v => Lk("c2", File(v, of), Bytes(v)))];

    private static int Offset(string version) => Array.IndexOf(All, version) * 10;
}
