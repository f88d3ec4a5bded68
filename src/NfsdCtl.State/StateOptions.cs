namespace NfsdCtl.State;

/// <summary>Bounds and times of the state machines. All have defaults that suit a server of a million locks.</summary>
public sealed record StateOptions
{
    /// <summary>Mixed into the shape of the search trees so that a client cannot choose lock ranges that make them deep.</summary>
    public ulong Seed { get; init; } = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The most byte-range locks in all.</summary>
    public int MaxLocks { get; init; } = 16_000_000;

    /// <summary>The most files with state in all.</summary>
    public int MaxFiles { get; init; } = 4_000_000;

    /// <summary>The most lock owners in all, idle ones included.</summary>
    public int MaxOwners { get; init; } = 4_000_000;

    /// <summary>The most NLM hosts in all.</summary>
    public int MaxHosts { get; init; } = 65_536;

    public int MaxWaitersPerFile { get; init; } = 4096;

    public int MaxWaitersPerHost { get; init; } = 4096;

    public int MaxSharesPerFile { get; init; } = 1024;

    /// <summary>How many owners without locks are remembered, so that their next lock costs nothing.</summary>
    public int IdleOwners { get; init; } = 65_536;

    /// <summary>How long a client record stays after the client's last unlock.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>GRANTED is sent again after this when it could not be delivered (lockd: 10 s).</summary>
    public TimeSpan GrantErrorRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>GRANTED is sent again after this when no answer came (lockd: 60 s).</summary>
    public TimeSpan GrantAnswerWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After this many sendings of GRANTED the waiter is given up and its lock with it.</summary>
    public int GrantAttempts { get; init; } = 15;

    /// <summary>A waiter that a local program holds up is tried again after this.</summary>
    public TimeSpan LocalRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The write of a window's end, or of a client's removal, is tried again after this when it failed.</summary>
    public TimeSpan PersistRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A patient window does not end while no more time than this lies between two reclaims.</summary>
    public TimeSpan ReclaimPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most grace windows at a time.</summary>
    public int MaxWindows { get; init; } = 1024;

    /// <summary>How many dead locks are taken out of the table, at most, by one entry of the gate.</summary>
    public int SweepSlice { get; init; } = 256;

    /// <summary>How many waiters are looked at, at most, by one entry of the gate.</summary>
    public int WaiterSlice { get; init; } = 256;

    /// <summary>How many owners a search for a deadlock visits at most; beyond it the request waits.</summary>
    public int DeadlockVisits { get; init; } = 128;

    /// <summary>
    /// Tells this life of the server from all others, here and on other nodes: half of each NFSv4 client id. Neither 0 nor 2^32-1.
    /// </summary>
    public uint Instance { get; init; } = 1;

    /// <summary>The lease of NFSv4 clients at the start.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long an expired NFSv4 client keeps what nobody else wants.</summary>
    public TimeSpan Courtesy { get; init; } = TimeSpan.FromDays(1);

    /// <summary>An NFSv4 client that was told that its lock is free has to fetch it within this.</summary>
    public TimeSpan NoticeWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An NFSv4 client that asks again and again for a lock may be so much later than twice its usual pace.</summary>
    public TimeSpan PollSlack { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The most NFSv4 clients, unconfirmed ones included.</summary>
    public int MaxNfs4Clients { get; init; } = 16_384;

    /// <summary>The most stateids in all.</summary>
    public int MaxStates { get; init; } = 4_000_000;

    /// <summary>The most sessions of one client.</summary>
    public int MaxSessionsPerClient { get; init; } = 64;

    /// <summary>The most slots of one session.</summary>
    public int MaxSlots { get; init; } = 160;

    /// <summary>
    /// The bytes in replies that slots keep: beyond it, clients that have more than their part of it are put off (NFS4ERR_DELAY) when they ask for
    /// another to be kept.
    /// </summary>
    public long MaxKeptReplies { get; init; } = 1L << 30;

    /// <summary>The slots of all sessions that are wanted at most: beyond it each session is asked to use fewer.</summary>
    public int WantedSlots { get; init; } = 262_144;

    /// <summary>The most opens and lock stateids of one client.</summary>
    public int MaxStatesPerClient { get; init; } = 1_000_000;

    /// <summary>The most open and lock owners of one client.</summary>
    public int MaxOwnersPerClient { get; init; } = 1_000_000;

    /// <summary>The most copies at a time that go on after their answer; 0 for none.</summary>
    public int MaxOffloads { get; init; } = 8;

    /// <summary>The most of them of one client, those included whose result it has not been told.</summary>
    public int MaxOffloadsPerClient { get; init; } = 4;

    /// <summary>A result that did not arrive is told again after this.</summary>
    public TimeSpan OffloadRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a result is kept that cannot be told.</summary>
    public TimeSpan OffloadLinger { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The largest COMPOUND of NFSv4 with a session, in bytes.</summary>
    public uint MaxRequest { get; init; } = 1_049_620;

    /// <summary>The largest result that a slot keeps, in bytes.</summary>
    public uint MaxCachedReply { get; init; } = 8192;

    /// <summary>The most operations of one COMPOUND with a session.</summary>
    public uint MaxOperations { get; init; } = 64;
}
