using System.CommandLine;
using System.Net;
using NfsdCtl.Trials;

// trials: many simulated clients in one process that put running servers to the test and say what they found. The scripts
// demo-failover and torture make the network namespaces, start the servers and call it. Exit status: 0 passed, 1 failed.
var clients = new Option<int>("--clients") { Description = "How many client machines", DefaultValueFactory = _ => 4 };
var first = new Option<IPAddress>("--first-client")
{
    Description = "Address of the first client; the others follow it",
    Required = true,
    CustomParser = r => IPAddress.Parse(r.Tokens[0].Value),
};
var json = new Option<bool>("--json") { Description = "The verdict as one line of JSON" };

return new RootCommand("Puts NFS servers on trial with simulated clients") { Failover(), Torture() }.Parse(args).Invoke();

Command Failover()
{
    var moving = new Option<string>("--moving") { Description = "ADDRESS:EXPORT that moves", Required = true };
    var staying = new Option<string>("--staying") { Description = "ADDRESS:EXPORT that stays", Required = true };
    var move = new Option<string>("--move") { Description = "Shell command that moves the address and its filesystem", Required = true };
    var locks = new Option<int>("--locks") { Description = "Locks of each client on each export", DefaultValueFactory = _ => 25 };
    var stall = new Option<int>("--stall-limit") { Description = "Milliseconds above the slowest operation before the move", DefaultValueFactory = _ => 250 };
    var command = new Command("failover", "Locks on two addresses, a move of one of them, and a verdict") { moving, staying, move, locks, stall, clients, first, json };
    command.SetAction(r => new FailoverTrial(new FailoverPlan(
        Place.Parse(r.GetValue(moving)!),
        Place.Parse(r.GetValue(staying)!),
        r.GetValue(move)!,
        r.GetValue(clients),
        r.GetValue(locks),
        r.GetValue(first)!,
        TimeSpan.FromMilliseconds(r.GetValue(stall)))).Run().Print(r.GetValue(json)));
    return command;
}

Command Torture()
{
    var place = new Option<string>("--place") { Description = "ADDRESS:EXPORT of the server", Required = true };
    var seconds = new Option<int>("--seconds") { Description = "How long the server is killed again and again", DefaultValueFactory = _ => 30 };
    var seed = new Option<int>("--seed") { Description = "Of all random choices (default: by the time)", DefaultValueFactory = _ => Environment.TickCount };
    var server = new Argument<string[]>("server") { Description = "Command line of the server, which prints a line that starts with 'ready'" };
    var command = new Command("torture", "Kills the server under load at random moments, and looks for doubled locks and lost data") { place, seconds, seed, clients, first, json, server };
    command.SetAction(r => new TortureTrial(new TorturePlan(
        Place.Parse(r.GetValue(place)!),
        r.GetValue(server)!,
        TimeSpan.FromSeconds(r.GetValue(seconds)),
        r.GetValue(seed),
        r.GetValue(clients),
        r.GetValue(first)!)).Run().Print(r.GetValue(json)));
    return command;
}
