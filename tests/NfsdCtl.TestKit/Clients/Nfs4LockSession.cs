using System.Net;
using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.TestKit.Clients;

/// <summary>
/// What a <see cref="Nfs4LockClient"/> has at one server address: its session of one slot, the files it has open, each once, and the locks under
/// them. Calls go one at a time, over a connection that comes back.
/// </summary>
internal sealed class Nfs4LockSession : IDisposable
{
    private const int NfsPort = 2049;
    private const int Head = 8;
    private const int SequenceResult = Head + 36;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private readonly string name;
    private readonly LockLedger ledger;
    private readonly RpcClient rpc;
    private readonly Lock gate = new();
    private readonly Dictionary<string, OpenFile> files = [];
    private readonly List<ClientLock> held = [];
    private readonly ManualResetEventSlim ended = new();
    private readonly Thread heart;
    private Nfs4SessionClient session;

    /// <summary>An open file: its stateid, and those of its lock owners by svid.</summary>
    private sealed class OpenFile(byte[] handle)
    {
        public byte[] Handle { get; } = handle;

        public StateId Open { get; set; }

        public Dictionary<uint, StateId> Locks { get; } = [];
    }

    public Nfs4LockSession(IPAddress server, IPAddress from, byte[] owner, LockLedger ledger)
    {
        name = Encoding.UTF8.GetString(owner);
        this.ledger = ledger;
        rpc = new RpcClient(() => new IPEndPoint(server, NfsPort), NFS4_PROGRAM.Number, NFS4_PROGRAM.NFS_V4.Number, from);
        session = new Nfs4SessionClient(rpc, name);
        heart = new Thread(Beat) { IsBackground = true };
        heart.Start();
    }

    public int Reclaimed { get; private set; }

    public int Lost { get; private set; }

    public IReadOnlyList<ClientLock> Held
    {
        get
        {
            lock (gate)
                return [.. held];
        }
    }

    public NlmStatus Lock(ClientLock wanted)
    {
        lock (gate)
        {
            var status = Take(wanted, reclaim: false);
            if (status == nfsstat4.NFS4_OK)
            {
                ledger.Granted(wanted.File.Name, Owner(wanted), wanted.Range, wanted.Exclusive);
                held.Add(wanted);
            }

            return Answer(status);
        }
    }

    public NlmStatus Unlock(ClientLock given)
    {
        lock (gate)
        {
            ledger.Released(given.File.Name, Owner(given), given.Range);
            var file = Open(given.File);
            // held until it is given back: a recovery meanwhile reclaims it, and has a stateid to unlock it by
            var result = Call(() => session.Compound(cacheThis: true).PutFh(file.Handle)
                .LockU(file.Locks.GetValueOrDefault(given.Svid, StateId.Invalid), given.Range.Start, Length(given.Range)));
            held.Remove(given);
            if (result.Status == nfsstat4.NFS4_OK)
                file.Locks[given.Svid] = StateOf(result);
            return Answer(result.Status);
        }
    }

    public NlmStatus Test(ClientLock wanted)
    {
        lock (gate)
        {
            var file = Open(wanted.File);
            return Answer(Call(() => session.Compound().PutFh(file.Handle).Add(OP_LOCKT, (ref XdrWriter w) =>
            {
                w.U32((uint)KindOf(wanted));
                w.U64(wanted.Range.Start);
                w.U64(Length(wanted.Range));
                w.U64(session.ClientId);
                w.Opaque(Encoding.UTF8.GetBytes(Owner(wanted)));
            })).Status);
        }
    }

    public void GetAttr(ServedFile file)
    {
        lock (gate)
        {
            var open = Open(file);
            Good("GETATTR", Call(() => session.Compound().PutFh(open.Handle).GetAttr(Nfs4Constants.FATTR4_CHANGE, Nfs4Constants.FATTR4_SIZE)));
        }
    }

    public void Write(ServedFile file, ulong offset, byte[] data)
    {
        lock (gate)
        {
            var open = Open(file);
            Good("WRITE", Call(() => session.Compound(cacheThis: true).PutFh(open.Handle).Write(open.Open, offset, data)));
        }
    }

    /// <summary>Finds a file by its name in the server's tree and opens it, once.</summary>
    private OpenFile Open(ServedFile file)
    {
        if (files.TryGetValue(file.Name, out var open))
            return open;
        var path = file.Name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var found = Call(() => path.Aggregate(session.Compound().Add(OP_PUTROOTFH), (c, component) => c.Lookup(component)).Add(OP_GETFH));
        Good($"LOOKUP of {file.Name}", found);
        var reader = found.Reader;
        reader.Fixed(SequenceResult + Head * (path.Length + 2));
        open = new OpenFile(reader.Opaque(128).ToArray());
        var opened = Call(() => OpenOf(open, open_claim_type4.CLAIM_FH));
        Good($"OPEN of {file.Name}", opened);
        open.Open = StateOf(opened);
        files.Add(file.Name, open);
        return open;
    }

    private CompoundBuilder OpenOf(OpenFile file, open_claim_type4 claim) => session.Compound(cacheThis: true).PutFh(file.Handle).Add(OP_OPEN, (ref XdrWriter w) =>
    {
        w.U32(0);
        w.U32(Nfs4Constants.OPEN4_SHARE_ACCESS_BOTH | Nfs4Constants.OPEN4_SHARE_ACCESS_WANT_NO_DELEG);
        w.U32(Nfs4Constants.OPEN4_SHARE_DENY_NONE);
        w.U64(session.ClientId);
        w.Opaque(Encoding.UTF8.GetBytes(name));
        w.U32((uint)opentype4.OPEN4_NOCREATE);
        w.U32((uint)claim);
        if (claim == open_claim_type4.CLAIM_PREVIOUS)
            w.U32((uint)open_delegation_type4.OPEN_DELEGATE_NONE);
    });

    private nfsstat4 Take(ClientLock wanted, bool reclaim)
    {
        var file = Open(wanted.File);
        var result = Call(() => LockOf(file, wanted, reclaim), recover: !reclaim);
        if (result.Status == nfsstat4.NFS4_OK)
            file.Locks[wanted.Svid] = StateOf(result);
        return result.Status;
    }

    private CompoundBuilder LockOf(OpenFile file, ClientLock wanted, bool reclaim) => session.Compound(cacheThis: true).PutFh(file.Handle).Add(OP_LOCK, (ref XdrWriter w) =>
    {
        w.U32((uint)KindOf(wanted));
        w.Bool(reclaim);
        w.U64(wanted.Range.Start);
        w.U64(Length(wanted.Range));
        bool isNew = !file.Locks.TryGetValue(wanted.Svid, out var state);
        w.Bool(isNew);
        if (isNew)
        {
            w.U32(0);
            file.Open.Write(w.Take(StateId.Size));
        }
        else
        {
            state.Write(w.Take(StateId.Size));
        }

        w.U32(0);
        if (!isNew)
            return;
        w.U64(session.ClientId);
        w.Opaque(Encoding.UTF8.GetBytes(Owner(wanted)));
    });

    /// <summary>Sends a compound, made anew after each recovery, until the server has executed it.</summary>
    private CompoundResult Call(Func<CompoundBuilder> compound, bool recover = true)
    {
        for (; ; )
        {
            var result = session.Try(compound());
            if (result.Status == nfsstat4.NFS4ERR_DELAY)
                Thread.Sleep(20);
            else if (recover && IsStale(result.Status))
                Recover();
            else
                return result;
        }
    }

    private static bool IsStale(nfsstat4 status) => status is nfsstat4.NFS4ERR_BADSESSION or nfsstat4.NFS4ERR_DEADSESSION or nfsstat4.NFS4ERR_STALE_CLIENTID;

    /// <summary>RFC 8881 §8.4.2.1: a new client id and session, the opens and locks of before, and word that these were all.</summary>
    private void Recover()
    {
        session = new Nfs4SessionClient(rpc, name, reclaims: true);
        foreach (var file in files.Values)
        {
            file.Locks.Clear();
            var opened = Call(() => OpenOf(file, open_claim_type4.CLAIM_PREVIOUS), recover: false);
            file.Open = opened.Status == nfsstat4.NFS4_OK ? StateOf(opened) : StateId.Invalid;
        }

        foreach (var mine in held.ToArray())
        {
            if (Take(mine, reclaim: true) == nfsstat4.NFS4_OK)
            {
                Reclaimed++;
                continue;
            }

            Lost++;
            held.Remove(mine);
            ledger.Released(mine.File.Name, Owner(mine), mine.Range);
        }

        session.ReclaimComplete();
    }

    private void Beat()
    {
        while (!ended.Wait(Heartbeat))
        {
            try
            {
                lock (gate)
                    Call(() => session.Compound());
            }
            catch (Exception e) when (e is TimeoutException or RpcException or ObjectDisposedException)
            {
                // the server is gone for long: the next call of a trial says so
            }
        }
    }

    private string Owner(ClientLock of) => $"{name}/{of.Svid}";

    private static nfs_lock_type4 KindOf(ClientLock of) => of.Exclusive ? nfs_lock_type4.WRITE_LT : nfs_lock_type4.READ_LT;

    private static ulong Length(Span64 range) => range.Length == 0 ? ulong.MaxValue : range.Length;

    /// <summary>The stateid that the third operation, behind SEQUENCE and PUTFH, answered.</summary>
    private static StateId StateOf(CompoundResult result) => StateId.Read(result.Body.AsSpan(SequenceResult + Head + Head, StateId.Size));

    private static NlmStatus Answer(nfsstat4 status) => status switch
    {
        nfsstat4.NFS4_OK => NlmStatus.Granted,
        nfsstat4.NFS4ERR_DENIED => NlmStatus.Denied,
        nfsstat4.NFS4ERR_GRACE => NlmStatus.DeniedGracePeriod,
        _ => NlmStatus.Failed,
    };

    private static void Good(string what, CompoundResult result)
    {
        if (result.Status != nfsstat4.NFS4_OK)
            throw new RpcException($"{what}: {result.Status}");
    }

    public void Dispose()
    {
        ended.Set();
        heart.Join();
        ended.Dispose();
        rpc.Dispose();
    }
}
