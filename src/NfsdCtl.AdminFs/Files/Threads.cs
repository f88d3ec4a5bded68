using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>threads</c>: how many threads execute requests.</summary>
internal sealed class Threads(AdminHost host) : NumberSetting(
    host, "threads", 0x180, Setting.Threads, 0, 65535, "worker threads; 0 stops serving and keeps the state as a restart would");
