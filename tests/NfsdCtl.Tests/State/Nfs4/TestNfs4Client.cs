using System.Text;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>
/// A client of NFSv4 as tests need one: it knows its id, its session, and the seqids of its owners, and writes records as a protocol would.
/// </summary>
public sealed class TestNfs4Client(StateHarness harness, string server, string name, uint minorVersion = 1, ulong verifier = 1)
{
    private readonly Dictionary<string, uint> seqids = [];

    public StateHarness Harness { get; } = harness;

    public Nfs4State Nfs4 => Harness.State.Nfs4;

    public NetAddress Server { get; } = TestHost.Address(server);

    /// <summary>Where it calls from.</summary>
    public NetAddress Address { get; init; }

    public ulong Verifier { get; set; } = verifier;

    public Principal Principal { get; set; } = new(1, 0);

    public ulong Id { get; private set; }

    public uint Sequence { get; private set; }

    public Nfs4Session? Session { get; private set; }

    public uint MinorVersion { get; } = minorVersion;

    /// <summary>What the state knows the client by in operations on stateids.</summary>
    public NfsdCtl.State.Nfs4.Nfs4Client? InSession => MinorVersion == 0 ? null : Session!.Client;

    /// <summary>Gets an id, confirms it and, with a session, says that nothing is to be reclaimed.</summary>
    public TestNfs4Client Connect(bool reclaimComplete = true)
    {
        if (MinorVersion == 0)
        {
            Assert.That(SetClientId(out var made), Is.EqualTo(Nfs4Status.Ok));
            Assert.That(Confirm(made), Is.EqualTo(Nfs4Status.Ok));
            return this;
        }
        Assert.That(ExchangeId(out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(CreateSession(out _), Is.EqualTo(Nfs4Status.Ok));
        if (reclaimComplete)
            Assert.That(ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        return this;
    }

    public Nfs4Status SetClientId(out SetClientIdResult result)
    {
        SetClientIdResult made = default;
        var status = Harness.Do((in GateScope gate) => Nfs4.Clients.SetClientId(
            gate, new SetClientIdRequest { Server = Server, Client = Address, Principal = Principal, Owner = Encoding.ASCII.GetBytes(name), Verifier = Verifier }, out made));
        result = made;
        return status;
    }

    public Nfs4Status Confirm(SetClientIdResult made)
    {
        Id = made.ClientId;
        return Harness.Do((in GateScope gate) => Nfs4.Clients.SetClientIdConfirm(gate, Server, Principal, made.ClientId, made.Verifier));
    }

    public Nfs4Status ExchangeId(out ExchangeIdResult result, bool update = false)
    {
        ExchangeIdResult made = default;
        var status = Harness.Do((in GateScope gate) => Nfs4.Clients.ExchangeId(
            gate, new ExchangeIdRequest { Server = Server, Client = Address, Principal = Principal, Owner = Encoding.ASCII.GetBytes(name), Verifier = Verifier, Update = update, MinorVersion = MinorVersion },
            out made));
        result = made;
        if (status == Nfs4Status.Ok)
            (Id, Sequence) = (made.ClientId, made.Sequence);
        return status;
    }

    public Nfs4Status CreateSession(out CreateSessionResult result, uint? sequence = null, uint slots = 8, bool back = false)
    {
        CreateSessionResult made = default;
        var channel = new ChannelAttributes(0, 1 << 20, 1 << 20, 4096, 16, slots);
        var status = Harness.Do((in GateScope gate) => Nfs4.Clients.CreateSession(
            gate, new CreateSessionRequest
            {
                Server = Server,
                Principal = Principal,
                ClientId = Id,
                Sequence = sequence ?? Sequence,
                Fore = channel,
                Back = channel,
                BackChannel = back,
                CallbackProgram = 0x40000000,
            },
            out made));
        result = made;
        if (status == Nfs4Status.Ok && !made.Replayed)
        {
            Session = made.Session;
            Sequence = made.Sequence + 1;
        }
        return status;
    }

    public Nfs4Status ReclaimComplete(FsId fileSystem = default) =>
        Harness.Do((in GateScope gate) => Nfs4.Clients.ReclaimComplete(gate, Session!.Client, fileSystem));

    public Nfs4Status Renew() => Harness.Do((in GateScope gate) => Nfs4.Clients.Renew(gate, Server, Id));

    public Nfs4Status Begin(uint slot, uint sequence, out SlotUse use, bool cache = true, ulong checksum = 7) => Nfs4.Sessions.Begin(
        new SequenceRequest
        {
            Server = Server,
            Session = Session!.Id,
            Slot = slot,
            Sequence = sequence,
            HighestSlot = 7,
            CacheThis = cache,
            Checksum = checksum,
        },
        out use);

    /// <summary>A compound of nothing but SEQUENCE under a slot of its own: renews the lease, and tells the flags.</summary>
    public SequenceFlags Beat()
    {
        uint sequence = seqids[""] = seqids.GetValueOrDefault("") + 1;
        Assert.That(Begin(7, sequence, out var use), Is.EqualTo(Nfs4Status.Ok));
        var flags = use.Flags;
        Nfs4.Sessions.End(ref use, []);
        return flags;
    }

    public Nfs4Status Open(
        string owner, FileKey file, ShareAccess access, ShareDeny deny, out StateId id, bool reclaim = false, uint tag = 0)
    {
        var status = OpenOnly(owner, file, access, deny, out var ticket, reclaim, tag);
        id = ticket.StateId;
        if (status == Nfs4Status.Ok && ticket.MustConfirm)
            Assert.That(OpenConfirm(owner, file, ref id), Is.EqualTo(Nfs4Status.Ok));
        return status;
    }

    /// <summary>OPEN as a protocol does it: seqid, records, answer.</summary>
    public Nfs4Status OpenOnly(
        string owner, FileKey file, ShareAccess access, ShareDeny deny, out OpenTicket ticket, bool reclaim = false, uint tag = 0)
    {
        var client = Client();
        OpenTicket made = default;
        var use = default(SeqidUse);
        var name = Encoding.ASCII.GetBytes(owner);
        if (MinorVersion == 0)
        {
            var begun = Harness.Do((in GateScope gate) => Nfs4.Owners.BeginOpen(gate, client, name, Next(owner), out use));
            Assert.That(begun, Is.EqualTo(Nfs4Status.Ok));
        }
        Nfs4Status status;
        do
        {
            status = Harness.Do((in GateScope gate) => Nfs4.Opens.Open(
                gate, new OpenRequest { Client = client, Owner = name, File = file, ExportTag = tag, Access = access, Deny = deny, Reclaim = reclaim }, out made));
        }
        while (status == Nfs4Status.NeedsRecord && Record(made.Need));
        End(ref use, status);
        ticket = made;
        return status;
    }

    public Nfs4Status OpenConfirm(string owner, FileKey file, ref StateId id)
    {
        var given = id;
        StateId made = default;
        var status = Sequenced(owner, given, (in GateScope gate) => Nfs4.Opens.Confirm(gate, Call(given, file), out made));
        if (status == Nfs4Status.Ok)
            id = made;
        return status;
    }

    public Nfs4Status Downgrade(string owner, FileKey file, ref StateId id, ShareAccess access, ShareDeny deny)
    {
        var given = id;
        StateId made = default;
        var status = Sequenced(owner, given, (in GateScope gate) => Nfs4.Opens.Downgrade(gate, Call(given, file), access, deny, out made));
        if (status == Nfs4Status.Ok)
            id = made;
        return status;
    }

    public Nfs4Status Close(string owner, FileKey file, StateId id) =>
        Sequenced(owner, id, (in GateScope gate) => Nfs4.Opens.Close(gate, Call(id, file), out _));

    /// <summary>LOCK with a new lock owner when <paramref name="under"/> is an open's stateid.</summary>
    public Nfs4Status Lock(
        string openOwner, string lockOwner, FileKey file, StateId under, LockRange range, out StateId id, LockKind kind = LockKind.Write,
        bool newOwner = true, bool block = false, bool reclaim = false, bool local = false, LockHolder? holder = null)
    {
        Nfs4LockTicket ticket = default;
        var name = Encoding.ASCII.GetBytes(lockOwner);
        uint lockSeqid = newOwner && MinorVersion == 0 ? Next("lock " + lockOwner) : 0;
        var status = Sequenced(newOwner ? openOwner : "lock " + lockOwner, under, (in GateScope gate) => Nfs4.Locks.Lock(
            gate, new Nfs4LockRequest
            {
                Client = InSession,
                Server = Server,
                File = file,
                StateId = under,
                NewOwner = newOwner,
                Owner = name,
                OwnerClientId = Id,
                LockSeqid = lockSeqid,
                Range = range,
                Kind = kind,
                Block = block,
                Reclaim = reclaim,
                LocalLocks = local,
                Handle = [9],
                Holder = holder,
            },
            out ticket), () => ticket.Need);
        Ticket = ticket;
        id = ticket.StateId;
        if (newOwner && MinorVersion == 0 && status != Nfs4Status.Ok)
            seqids["lock " + lockOwner]--;
        return status;
    }

    public Nfs4LockTicket Ticket { get; private set; }

    public Nfs4Status Decide(bool taken, out StateId id)
    {
        var ticket = Ticket;
        var status = Harness.Do((in GateScope gate) => Nfs4.Locks.Decide(gate, ref ticket, taken));
        id = ticket.StateId;
        return status;
    }

    public Nfs4Status Unlock(string lockOwner, FileKey file, ref StateId id, LockRange range)
    {
        var given = id;
        StateId made = default;
        var status = Sequenced("lock " + lockOwner, given, (in GateScope gate) => Nfs4.Locks.Unlock(gate, Call(given, file), range, out made));
        if (status == Nfs4Status.Ok)
            id = made;
        return status;
    }

    public Nfs4Status LockTest(string lockOwner, FileKey file, LockRange range, LockKind kind, LockHolder? holder = null)
    {
        var client = Client();
        return Harness.Do((in GateScope gate) => Nfs4.Locks.Test(gate, new Nfs4LockRequest
        {
            Client = client,
            Server = Server,
            File = file,
            Owner = Encoding.ASCII.GetBytes(lockOwner),
            Range = range,
            Kind = kind,
            Holder = holder,
        }));
    }

    public Nfs4Status Io(FileKey file, StateId id, ShareAccess access) => Harness.Do((in GateScope gate) => Nfs4.States.CheckIo(
        gate, new IoRequest { Client = InSession, Server = Server, StateId = id, File = file, Access = access }));

    public Nfs4Status Test(StateId id) => Harness.Do((in GateScope gate) => Nfs4.States.Test(gate, Session!.Client, id));

    public Nfs4Status Free(StateId id) => Harness.Do((in GateScope gate) => Nfs4.States.Free(gate, Session!.Client, id));

    public bool Record(RecordNeed need) => Harness.Record(need);

    public NfsdCtl.State.Nfs4.Nfs4Client Client()
    {
        if (MinorVersion != 0)
            return Session!.Client;
        NfsdCtl.State.Nfs4.Nfs4Client? client = null;
        Assert.That(Harness.Do((in GateScope gate) => Nfs4.Clients.Find(gate, Server, Id, out client)), Is.EqualTo(Nfs4Status.Ok));
        return client!;
    }

    private StateCall Call(StateId id, FileKey file) => new(InSession, Server, id, file);

    private uint Next(string owner) => seqids[owner] = seqids.GetValueOrDefault(owner) + 1;

    private Nfs4Status Sequenced(string owner, StateId id, StateHarness.GateAction<Nfs4Status> action, Func<RecordNeed>? need = null)
    {
        var use = default(SeqidUse);
        if (MinorVersion == 0)
        {
            uint seqid = Next(owner);
            var begun = Harness.Do((in GateScope gate) => Nfs4.Owners.BeginState(gate, Server, id, seqid, out use));
            if (begun != Nfs4Status.Ok)
            {
                seqids[owner]--;
                return begun;
            }
        }
        Nfs4Status status;
        do
            status = Harness.Do(action);
        while (status == Nfs4Status.NeedsRecord && Record(need!()));
        End(ref use, status);
        return status;
    }

    private void End(ref SeqidUse use, Nfs4Status status)
    {
        if (MinorVersion != 0)
            return;
        var ended = use;
        Harness.Do((in GateScope gate) =>
        {
            Nfs4.Owners.End(gate, ref ended, (uint)status, [1, 2, 3]);
            return true;
        });
    }
}
