// Mounts the admin files over a fake server on the directory of the first argument and lives until SIGTERM: a process that system tests may kill.
using System.Runtime.InteropServices;
using NfsdCtl;
using NfsdCtl.AdminFs;
using NfsdCtl.Fuse;
using NfsdCtl.TestKit.Control;

var control = new FakeServerControl();
control.Served.Add(NetAddress.FromV4(0x0A000001));
using var ended = new ManualResetEventSlim();
using var mount = FuseMount.Mount(args[0], new AdminFileSystem(new AdminHost(control, TimeProvider.System, _ => { })), new FuseMountOptions("nfsdctl"));
using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    ended.Set();
});
Console.WriteLine("ready");
ended.Wait();
