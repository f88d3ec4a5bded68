using NfsdCtl.Commands;
using NfsdCtl.Hosting;

return CommandLine.Run(args, ServerHost.Serve, ServerHost.ShowConfig);
