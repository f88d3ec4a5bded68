using NfsdCtl.State.Locks;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Model;

/// <summary>A mistake planted in the model: the random test must tell the two apart.</summary>
public enum Mistake
{
    None,
    UnlockForgetsTheTail,
    ReadsConflict,
    UpgradeIsForgotten,
    AddressesComparedAsText,
    ReleaseForgetsWaiters,
    GrantsOutOfOrder,
    RebootFreesOneAddress,
    DeniedGrantStays,
    ShareIgnoresDeny,
    GraceForgetsOtherAddresses,
    ForfeitIsForgotten,
}

public readonly record struct ModelOwner(TestHost Host, ulong Id);

public sealed record ModelWaiter(long Ticket, ModelOwner Owner, FileKey File, int Start, int End, LockKind Kind)
{
    public bool Granting { get; set; }

    public bool Overlaps(int start, int end) => Start <= end && start <= End;
}

/// <summary>
/// What the state machines must do, one byte at a time and with no index: each file has <see cref="Bytes"/> bytes, the last of which stands for
/// all behind it.
/// </summary>
public sealed class ByteModel(Mistake mistake = Mistake.None)
{
    public const int Bytes = 12;

    private readonly HashSet<ModelOwner> everHeld = [];
    private readonly HashSet<(TestHost Host, FsId Fs)> mayReclaim = [];
    private readonly HashSet<(TestHost Host, FsId Fs)> forfeited = [];
    private readonly Dictionary<(TestHost Host, FileKey File), bool> released = [];

    public Dictionary<(FileKey File, int Byte, ModelOwner Owner), LockKind> Held { get; } = [];

    public List<ModelWaiter> Waiters { get; } = [];

    public Dictionary<(FileKey File, TestHost Host), (ShareDeny Deny, ShareAccess Access)> Shares { get; } = [];

    public HashSet<Scope> Windows { get; } = [];

    public LockOutcome Lock(ModelOwner owner, FileKey file, int start, int end, LockKind kind, bool block, bool reclaim, Func<long> ticket)
    {
        var admission = reclaim ? AdmitReclaim(owner.Host, file) : InGrace(owner.Host, file) ? LockOutcome.Grace : LockOutcome.Granted;
        if (admission != LockOutcome.Granted)
            return admission;
        if (Waiters.Find(w => w.Owner == owner && w.File == file && w.Start == start && w.End == end && w.Kind == kind) is { } again)
        {
            if (again.Granting)
                return Accept(again);
            return block ? LockOutcome.Blocked : LockOutcome.Denied;
        }
        if (Conflicts(owner, file, start, end, kind) || (!reclaim && IsBehind(owner, file, start, end, kind, Waiters)))
        {
            if (!block || reclaim)
                return LockOutcome.Denied;
            Waiters.Add(new ModelWaiter(ticket(), owner, file, start, end, kind));
            return LockOutcome.Blocked;
        }
        if (!reclaim)
            ForfeitOthers(owner.Host, file, kind);
        Set(owner, file, start, end, kind);
        return LockOutcome.Granted;
    }

    public LockOutcome Unlock(ModelOwner owner, FileKey file, int start, int end)
    {
        if (InGrace(owner.Host, file) && !IsKnown(owner))
            return LockOutcome.Grace;
        foreach (var waiter in Waiters.FindAll(w => w.Owner == owner && w.File == file && ((w.Granting && w.Overlaps(start, end)) || (w.Start == start && w.End == end))))
        {
            if (waiter.Granting)
                Accept(waiter);
            else
                Waiters.Remove(waiter);
        }
        int last = mistake == Mistake.UnlockForgetsTheTail ? Bytes - 1 : end;
        for (int i = start; i <= last; i++)
            Held.Remove((file, i, owner));
        GrantWaiters();
        return LockOutcome.Granted;
    }

    public LockOutcome Test(ModelOwner owner, FileKey file, int start, int end, LockKind kind) =>
        InGrace(owner.Host, file) ? LockOutcome.Grace : Conflicts(owner, file, start, end, kind) ? LockOutcome.Denied : LockOutcome.Granted;

    public LockOutcome Cancel(ModelOwner owner, FileKey file, int start, int end, LockKind kind)
    {
        if (InGrace(owner.Host, file) && !IsKnown(owner))
            return LockOutcome.Grace;
        int removed = Waiters.RemoveAll(w => w.Owner == owner && w.File == file && w.Start == start && w.End == end && w.Kind == kind);
        GrantWaiters();
        return removed > 0 ? LockOutcome.Granted : LockOutcome.NotFound;
    }

    public LockOutcome Accept(ModelWaiter waiter)
    {
        Waiters.Remove(waiter);
        Set(waiter.Owner, waiter.File, waiter.Start, waiter.End, waiter.Kind);
        return LockOutcome.Granted;
    }

    public void Refuse(ModelWaiter waiter)
    {
        if (mistake == Mistake.DeniedGrantStays)
        {
            Accept(waiter);
            return;
        }
        Waiters.Remove(waiter);
        GrantWaiters();
    }

    public LockOutcome Share(TestHost host, FileKey file, ShareDeny deny, ShareAccess access)
    {
        if (InGrace(host, file))
            return LockOutcome.Grace;
        foreach (var (key, share) in Shares)
        {
            bool conflicts = ((int)share.Deny & (int)access) != 0 || ((int)share.Access & (int)deny) != 0;
            if (mistake == Mistake.ShareIgnoresDeny)
                conflicts = ((int)share.Deny & (int)access) != 0;
            if (key.File == file && key.Host != host && conflicts)
                return LockOutcome.Denied;
        }
        Shares[(file, host)] = (deny, access);
        return LockOutcome.Granted;
    }

    public LockOutcome Unshare(TestHost host, FileKey file)
    {
        if (!Shares.ContainsKey((file, host)) && InGrace(host, file))
            return LockOutcome.Grace;
        Shares.Remove((file, host));
        return LockOutcome.Granted;
    }

    public (int Waiters, int Shares) Release(NetAddress server, FsId fileSystem)
    {
        bool Selected(TestHost host, FileKey file) =>
            (fileSystem.IsAny || file.FileSystem == fileSystem)
            && (server.IsWildcard || host.Server == server
                || (mistake == Mistake.AddressesComparedAsText && host.Server.ToString().StartsWith(server.ToString(), StringComparison.Ordinal)));
        foreach (var lost in Held.Keys.Where(k => Selected(k.Owner.Host, k.File)).ToList())
        {
            var entry = (lost.Owner.Host, lost.File.FileSystem);
            mayReclaim.Add(entry);
            if (!forfeited.Contains(entry))
                released[(lost.Owner.Host, lost.File)] = released.GetValueOrDefault((lost.Owner.Host, lost.File)) || Held[lost] == LockKind.Write;
            Held.Remove(lost);
        }
        int waiters = mistake == Mistake.ReleaseForgetsWaiters ? 0 : Waiters.RemoveAll(w => Selected(w.Owner.Host, w.File));
        int shares = Drop(Shares, k => Selected(k.Host, k.File));
        GrantWaiters();
        return (waiters, shares);
    }

    public void Reboot(NetAddress client)
    {
        bool first = true;
        var only = default(NetAddress);
        bool Selected(TestHost host)
        {
            if (host.Client != client || mistake != Mistake.RebootFreesOneAddress)
                return host.Client == client;
            only = first ? host.Server : only;
            first = false;
            return host.Server == only;
        }
        Drop(Held, k => Selected(k.Owner.Host));
        Waiters.RemoveAll(w => Selected(w.Owner.Host));
        Drop(Shares, k => Selected(k.Host));
        mayReclaim.RemoveWhere(e => e.Host.Client == client);
        forfeited.RemoveWhere(e => e.Host.Client == client);
        Drop(released, k => k.Host.Client == client);
        GrantWaiters();
    }

    public bool EndWindow(Scope window)
    {
        if (!Windows.Remove(window))
            return false;
        bool Ends(TestHost host, FsId fs) => window.Covers(new Scope(host.Server, fs)) && !Windows.Any(w => w.Covers(new Scope(host.Server, fs)));
        mayReclaim.RemoveWhere(e => Ends(e.Host, e.Fs));
        forfeited.RemoveWhere(e => Ends(e.Host, e.Fs));
        Drop(released, k => Ends(k.Host, k.File.FileSystem));
        GrantWaiters();
        return true;
    }

    private bool InGrace(TestHost host, FileKey file) => Windows.Any(w =>
        (w.FileSystem.IsAny || w.FileSystem == file.FileSystem)
        && (mistake != Mistake.GraceForgetsOtherAddresses || w.Server.IsWildcard || w.Server == host.Server));

    /// <summary>Windows of the random test are open to everyone, except to those who forfeited.</summary>
    private LockOutcome AdmitReclaim(TestHost host, FileKey file)
    {
        if (Windows.Any(w => w.Covers(new Scope(host.Server, file.FileSystem))))
            return forfeited.Contains((host, file.FileSystem)) ? LockOutcome.NotReclaimable : LockOutcome.Granted;
        return InGrace(host, file) ? LockOutcome.NotReclaimable : LockOutcome.NoGrace;
    }

    private bool IsKnown(ModelOwner owner) => everHeld.Contains(owner) || Waiters.Exists(w => w.Owner == owner);

    private bool Conflicts(ModelOwner owner, FileKey file, int start, int end, LockKind kind) =>
        Held.Any(h => h.Key.File == file && h.Key.Byte >= start && h.Key.Byte <= end && h.Key.Owner != owner && Clash(h.Value, kind))
        || Waiters.Exists(w => w.Granting && w.File == file && w.Owner != owner && w.Overlaps(start, end) && Clash(w.Kind, kind));

    private bool Clash(LockKind a, LockKind b) => a == LockKind.Write || b == LockKind.Write || mistake == Mistake.ReadsConflict;

    private bool IsBehind(ModelOwner owner, FileKey file, int start, int end, LockKind kind, IEnumerable<ModelWaiter> before) =>
        mistake != Mistake.GrantsOutOfOrder && before.Any(w =>
            !w.Granting && w.File == file && w.Owner != owner && w.Overlaps(start, end) && Clash(w.Kind, kind)
            && !Held.Any(h => h.Key.File == file && h.Key.Owner == owner && h.Key.Byte >= w.Start && h.Key.Byte <= w.End && Clash(h.Value, w.Kind)));

    private void Set(ModelOwner owner, FileKey file, int start, int end, LockKind kind)
    {
        for (int i = start; i <= end; i++)
        {
            if (mistake != Mistake.UpgradeIsForgotten || !Held.ContainsKey((file, i, owner)))
                Held[(file, i, owner)] = kind;
        }
        everHeld.Add(owner);
        GrantWaiters();
    }

    private void GrantWaiters()
    {
        foreach (var waiter in Waiters.Where(w => !w.Granting).ToList())
        {
            if (Windows.Any(w => w.FileSystem.IsAny || w.FileSystem == waiter.File.FileSystem))
                continue;
            if (Conflicts(waiter.Owner, waiter.File, waiter.Start, waiter.End, waiter.Kind))
                continue;
            if (IsBehind(waiter.Owner, waiter.File, waiter.Start, waiter.End, waiter.Kind, Waiters.TakeWhile(w => w != waiter)))
                continue;
            ForfeitOthers(waiter.Owner.Host, waiter.File, waiter.Kind);
            waiter.Granting = true;
        }
    }

    private void ForfeitOthers(TestHost host, FileKey file, LockKind kind)
    {
        if (mistake == Mistake.ForfeitIsForgotten)
            return;
        foreach (var ((other, _), _) in released.Where(r => r.Key.File == file && r.Key.Host != host && (r.Value || kind == LockKind.Write)).ToList())
        {
            forfeited.Add((other, file.FileSystem));
            Drop(released, k => k.Host == other && k.File.FileSystem == file.FileSystem);
        }
    }

    private static int Drop<TKey, TValue>(Dictionary<TKey, TValue> from, Func<TKey, bool> selects)
        where TKey : notnull
    {
        var keys = from.Keys.Where(selects).ToList();
        foreach (var key in keys)
            from.Remove(key);
        return keys.Count;
    }
}
