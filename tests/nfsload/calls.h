/* the calls: NFSv3 (RFC 1813), NLM4 (XNFS), NFSv4.1 (RFC 8881), each with the check of its reply. A part of nfsload.c, in this order: one program, one translation unit. */

/* ---------------------------------------------------------------- the data set on the server */

static Fh root, dir, *fh;                     /* export root, our directory, its files */
static char dirname_[64];
static u8 wverf[8];
static bool have_wverf;
static Slot **slots;                          /* all slots */
static Conn **conns, *ctl;
static u32 nslots;
static int phase;                             /* hold workloads: 0 taking, 1 releasing */

static void check_verf(Rd *r)
{
    const u8 *v = graw(r, 8);
    if (have_wverf && memcmp(v, wverf, 8)) die("write verifier changed: the server restarted or lost data");
    memcpy(wverf, v, 8), have_wverf = true;
}
static u32 max_write = 1 << 20;
static const char *fname(u32 i) { static char n[16]; sprintf(n, "f%06u", i); return n; }

/* ---------------------------------------------------------------- NFSv3 */

enum { V3_GETATTR = 1, V3_SETATTR, V3_LOOKUP, V3_ACCESS, V3_READ = 6, V3_WRITE, V3_CREATE, V3_MKDIR, V3_REMOVE = 12,
       V3_RMDIR, V3_RENAME, V3_READDIR = 16, V3_READDIRPLUS, V3_FSINFO = 19, V3_COMMIT = 21 };

static Buf *v3(Slot *s, u32 proc) { return rpc(s, NFS, 3, proc); }
static void fattr3(Rd *r, u32 type, u64 size)
{
    u32 t = g32(r);
    if (type && t != type) die("file type %u, expected %u", t, type);
    graw(r, 16);                               /* mode nlink uid gid */
    u64 z = g64(r);
    if (size != UINT64_MAX && z != size) die("file size %" PRIu64 ", expected %" PRIu64, z, size);
    graw(r, 56);                               /* used rdev fsid fileid atime mtime ctime */
}
static void post_op(Rd *r, u32 type, u64 size) { if (g32(r)) fattr3(r, type, size); }
static void wcc(Rd *r) { if (g32(r)) graw(r, 24); post_op(r, 0, UINT64_MAX); }
static void sattr3(Buf *b, u32 mode) { p32(b, 1); p32(b, mode); for (int i = 0; i < 5; i++) p32(b, 0); }
static void diropname(Buf *b, const Fh *d, const char *name) { pfh(b, d); pstr(b, name); }
static void opt_fh(Rd *r, Fh *f) { f->len = 0; if (g32(r)) gfh(r, f); post_op(r, 0, UINT64_MAX); wcc(r); }
static void need(int status, const char *what) { if (status) die("%s: status %d", what, status); }

static void s_null(Slot *s) { v3(s, 0); }
static int r_null(Slot *s, Rd *r) { (void)s; if (r->p != r->end) die("NULL reply with a body"); return 0; }

static void s_getattr(Slot *s) { s->file = rnd(O.files); pfh(v3(s, V3_GETATTR), &fh[s->file]); }
static int r_getattr(Slot *s, Rd *r) { (void)s; int st = (int)g32(r); if (!st) fattr3(r, 1, O.size); return st; }

static void s_lookup(Slot *s) { s->file = rnd(O.files); diropname(v3(s, V3_LOOKUP), &dir, fname(s->file)); }
static int r_lookup(Slot *s, Rd *r) { int st = (int)g32(r); if (!st) same_fh(r, &fh[s->file]), post_op(r, 1, O.size); return st; }

static void s_access(Slot *s) { Buf *b = v3(s, V3_ACCESS); pfh(b, &fh[rnd(O.files)]); p32(b, 0x3f); }
static int r_access(Slot *s, Rd *r)
{
    (void)s;
    int st = (int)g32(r);
    post_op(r, 1, O.size);
    if (!st && (g32(r) & 1) == 0) die("ACCESS: uid 0 may not read");
    return st;
}

static bool plus(void) { return !strcmp(O.workload, "readdirplus"); }
static void s_readdir(Slot *s)
{
    Buf *b = v3(s, plus() ? V3_READDIRPLUS : V3_READDIR);
    if (!s->cookie) memset(s->cverf, 0, 8), s->names = 0;
    pfh(b, &dir); p64(b, s->cookie); praw(b, s->cverf, 8);
    if (plus()) p32(b, 8192);
    p32(b, O.io);
}
static u64 total_entries;
static bool measuring;
static int r_readdir(Slot *s, Rd *r)
{
    int st = (int)g32(r);
    post_op(r, 2, UINT64_MAX);
    if (st) { s->cookie = 0; return st; }
    memcpy(s->cverf, graw(r, 8), 8);
    u32 n, got = 0;
    Fh f;
    while (g32(r)) {
        g64(r);
        const char *name = (const char *)gvar(r, &n, 255);
        s->cookie = g64(r);
        if (plus()) { post_op(r, 0, UINT64_MAX); if (g32(r)) gfh(r, &f); }
        if (!(n == 1 && name[0] == '.') && !(n == 2 && !memcmp(name, "..", 2))) s->names++;
        got++;
    }
    bool eof = g32(r);
    if (measuring) total_entries += got;
    if (!eof && !got) die("directory page with neither entries nor eof");
    if (eof && s->names != O.files) die("directory listing had %u names, %u expected", s->names, O.files);
    if (eof) s->cookie = 0;
    return 0;
}

static char *tname(Slot *s, char kind) { static char n[48]; sprintf(n, "%c%u-%" PRIu64, kind, s->gid, s->count / 2); return n; }
static void s_create(Slot *s)
{
    Buf *b = v3(s, s->step ? V3_REMOVE : V3_CREATE);
    diropname(b, &dir, tname(s, 'c'));
    if (!s->step) p32(b, 0), sattr3(b, 0644);
}
static void s_mkdir(Slot *s)
{
    Buf *b = v3(s, s->step ? V3_RMDIR : V3_MKDIR);
    diropname(b, &dir, tname(s, 'd'));
    if (!s->step) sattr3(b, 0755);
}
static int r_dirop(Slot *s, Rd *r)
{
    Fh f;
    int st = (int)g32(r);
    if (st || s->step) { wcc(r); return st; }
    opt_fh(r, &f);
    if (!f.len) die("no file handle for a new object");
    return 0;
}

static void s_rename(Slot *s)
{
    char z[16];
    const char *a = fname(s->gid % O.files);
    sprintf(z, "r%06u", s->gid);
    Buf *b = v3(s, V3_RENAME);
    diropname(b, &dir, s->step ? z : a), diropname(b, &dir, s->step ? a : z);
}
static int r_rename(Slot *s, Rd *r) { (void)s; int st = (int)g32(r); wcc(r), wcc(r); return st; }

static void s_setattr(Slot *s)
{
    Buf *b = v3(s, V3_SETATTR);
    pfh(b, &fh[rnd(O.files)]), sattr3(b, s->count & 1 ? 0600 : 0644), p32(b, 0);
}
static int r_setattr(Slot *s, Rd *r) { (void)s; int st = (int)g32(r); wcc(r); return st; }

/* ---------------------------------------------------------------- NLM4 */

enum { NLM_TEST = 1, NLM_LOCK, NLM_UNLOCK = 4, NLM_SM_NOTIFY = 16, NLM_FREE_ALL = 23 };
static u32 *holder;                            /* contended: slot+1 holding each range, as we know it */

static void nlm_call(Slot *s, u32 proc, u32 file, u64 off, u64 len)
{
    char oh[32];
    Buf *b = rpc(s, NLM, 4, proc);
    sprintf(oh, "%u@%s", s->owner, O.caller);
    pvar(b, &s->xid, 4);
    if (proc == NLM_LOCK) p32(b, 0);                                           /* block: no */
    if (proc != NLM_UNLOCK) p32(b, 1);                                         /* exclusive: yes */
    pstr(b, O.caller); pfh(b, &fh[file]); pstr(b, oh); p32(b, s->owner + 1); p64(b, off); p64(b, len);
    if (proc == NLM_LOCK) { p32(b, 0); p32(b, 3); }                            /* reclaim: no; NSM state */
}
static int r_nlm(Slot *s, Rd *r)
{
    u32 n;
    const u8 *c = gvar(r, &n, 1024);
    if (n != 4 || memcmp(c, &s->xid, 4)) die("NLM reply with another cookie");
    return (int)g32(r);
}
static void s_nlm_range(Slot *s) { nlm_call(s, s->step ? NLM_UNLOCK : NLM_LOCK, 0, s->gid * 16, 8); }
static void s_nlm_files(Slot *s) { nlm_call(s, s->step ? NLM_UNLOCK : NLM_LOCK, s->gid % O.files, s->gid * 16, 8); }
static void s_nlm_contended(Slot *s)
{
    if (s->step == 0) s->range = rnd((u32)O.ranges);
    else holder[s->range] = 0;
    nlm_call(s, s->step ? NLM_UNLOCK : NLM_LOCK, 0, s->range * 16, 8);
}
static int r_nlm_contended(Slot *s, Rd *r)
{
    int st = r_nlm(s, r);
    if (!st && s->step == 0) {
        if (holder[s->range]) die("two owners were granted range %u", s->range);
        holder[s->range] = s->gid + 1;
    }
    return st;
}
/* Hold: lock number n is in file n % files; one-byte locks with gaps, so that none merge. */
static u64 hold_number(Slot *s) { return s->gid + s->count * nslots; }
static u64 hold_off(u64 n) { return n / O.files * 2; }
static void s_nlm_hold(Slot *s)
{
    u64 n = hold_number(s);
    if (O.owners) s->owner = (u32)(n % O.owners);
    nlm_call(s, phase ? NLM_UNLOCK : NLM_LOCK, (u32)(n % O.files), hold_off(n), 1);
}

/* ---------------------------------------------------------------- NFSv4.1 */

enum { OP_CLOSE = 4, OP_COMMIT, OP_CREATE, OP_GETATTR = 9, OP_GETFH, OP_LOCK = 12, OP_LOCKU = 14, OP_LOOKUP,
       OP_OPEN = 18, OP_PUTFH = 22, OP_PUTROOTFH = 24, OP_READ, OP_REMOVE = 28, OP_WRITE = 38,
       OP_EXCHANGE_ID = 42, OP_CREATE_SESSION, OP_DESTROY_SESSION, OP_SEQUENCE = 53,
       OP_DESTROY_CLIENTID = 57, OP_RECLAIM_COMPLETE };
enum { DELAY = 10008, GRACE4 = 10013 };        /* DELAY is v3's JUKEBOX too */

static Buf *compound(Slot *s, u32 nops) { Buf *b = rpc(s, NFS, 4, 1); pstr(b, ""); p32(b, 1); p32(b, nops); return b; }
static Buf *v4(Slot *s, const Fh *f, u32 nops) /* SEQUENCE, PUTFH where f is given, and nops more */
{
    Buf *b = compound(s, nops + 1 + (f != NULL));
    p32(b, OP_SEQUENCE); praw(b, s->c->session, 16); p32(b, ++s->seq); p32(b, s->idx); p32(b, s->c->nslots - 1); p32(b, 0);
    if (f) p32(b, OP_PUTFH), pfh(b, f);
    return b;
}
static int op(Rd *r, u32 want)
{
    u32 got = g32(r);
    if (got != want) die("result for operation %u, expected %u", got, want);
    return (int)g32(r);
}
static int first_op(Rd *r, u32 want) { u32 n; g32(r); gvar(r, &n, 1024); g32(r); return op(r, want); }
static int r_seq(Slot *s, Rd *r)
{
    int st = first_op(r, OP_SEQUENCE);
    if (st) return st;
    if (memcmp(graw(r, 16), s->c->session, 16)) die("SEQUENCE reply with another session");
    u32 q = g32(r), slot = g32(r);
    if (q != s->seq || slot != s->idx) die("SEQUENCE reply for slot %u seq %u, asked %u seq %u", slot, q, s->idx, s->seq);
    graw(r, 12);
    return 0;
}
static int r_op(Slot *s, Rd *r, u32 want)      /* SEQUENCE, PUTFH, and the one wanted */
{
    int st = r_seq(s, r);
    if (!st) st = op(r, OP_PUTFH);
    return st ? st : op(r, want);
}

static void s4_null(Slot *s) { v4(s, NULL, 0); }
static const u32 ATTR0 = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 20;                /* type change size fsid fileid */
static const u32 ATTR1 = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9 | 1 << 13 | 1 << 15 | 1 << 20 | 1 << 21 | 1 << 23;
static void s4_getattr(Slot *s)
{
    s->file = rnd(O.files);
    Buf *b = v4(s, &fh[s->file], 1);
    p32(b, OP_GETATTR); p32(b, 2); p32(b, ATTR0); p32(b, ATTR1);
}
static int r4_getattr(Slot *s, Rd *r)
{
    int st = r_op(s, r, OP_GETATTR);
    if (st) return st;
    u32 n = g32(r), m0 = g32(r);
    for (u32 i = 1; i < n; i++) g32(r);
    if ((m0 & ATTR0) != ATTR0) die("GETATTR: mandatory attributes missing (%x)", m0);
    g32(r);
    u32 type = g32(r);
    g64(r);
    u64 size = g64(r);
    if (type != 1 || size != O.size) die("GETATTR: type %u size %" PRIu64, type, size);
    return 0;
}

static void mode_attr(Buf *b, u32 mode) { p32(b, 2); p32(b, 0); p32(b, 1 << 1); p32(b, 4); p32(b, mode); }
static void open_call(Slot *s, u32 file, bool create)
{
    char owner[16];
    Buf *b = v4(s, &dir, 2);
    sprintf(owner, "o%u", s->gid);
    p32(b, OP_OPEN); p32(b, 0); p32(b, 3 | 0x400); p32(b, 0);                  /* both, want no delegation; deny none */
    p64(b, s->c->clientid); pstr(b, owner);
    p32(b, create);
    if (create) p32(b, 0), mode_attr(b, 0644);
    p32(b, 0); pstr(b, fname(s->file = file));
    p32(b, OP_GETFH);
}
static int open_reply(Slot *s, Rd *r, u8 sid[SID], Fh *f)
{
    int st = r_op(s, r, OP_OPEN);
    if (st) return st;
    memcpy(sid, graw(r, SID), SID);
    graw(r, 24);                               /* change_info, rflags */
    for (u32 n = g32(r); n; n--) g32(r);
    u32 deleg = g32(r), why = deleg == 3 ? g32(r) : 0;
    if (why == 1 || why == 2) g32(r);
    if (deleg && deleg != 3) die("delegation of type %u given though none was wanted", deleg);
    if (!(st = op(r, OP_GETFH))) gfh(r, f);
    return st;
}
static void close_call(Slot *s, const u8 *sid) { Buf *b = v4(s, &fh[s->file], 1); p32(b, OP_CLOSE); p32(b, 0); praw(b, sid, SID); }

static void s4_open(Slot *s) { if (s->step) close_call(s, s->sid); else open_call(s, rnd(O.files), false); }
static int r4_open(Slot *s, Rd *r)
{
    Fh f;
    if (s->step) return r_op(s, r, OP_CLOSE);
    int st = open_reply(s, r, s->sid, &f);
    if (!st && (f.len != fh[s->file].len || memcmp(f.d, fh[s->file].d, f.len))) die("OPEN gave another file handle");
    return st;
}

static void lock_call(Slot *s, u32 file, u64 off, u64 len, bool unlock)
{
    char owner[16];
    Buf *b = v4(s, &fh[s->file = file], 1);
    if (unlock) { p32(b, OP_LOCKU); p32(b, 2); p32(b, 0); praw(b, s->lsid[file], SID); p64(b, off); p64(b, len); return; }
    p32(b, OP_LOCK); p32(b, 2); p32(b, 0); p64(b, off); p64(b, len); p32(b, !s->has_lock[file]);
    if (s->has_lock[file]) { praw(b, s->lsid[file], SID); p32(b, 0); return; }
    sprintf(owner, "l%u", s->gid);
    p32(b, 0); praw(b, s->c->sids[file], SID); p32(b, 0); p64(b, s->c->clientid); pstr(b, owner);
}
static int r4_lock(Slot *s, Rd *r)
{
    int st = r_op(s, r, s->step || phase ? OP_LOCKU : OP_LOCK);
    if (!st) memcpy(s->lsid[s->file], graw(r, SID), SID), s->has_lock[s->file] = true;
    return st;
}
static void s4_lock(Slot *s) { lock_call(s, 0, s->gid * 16, 8, s->step); }
static void s4_lockfiles(Slot *s) { lock_call(s, s->gid % O.files, s->gid * 16, 8, s->step); }
static void s4_hold(Slot *s) { u64 n = hold_number(s); lock_call(s, (u32)(n % O.files), hold_off(n), 1, phase); }

/* ---------------------------------------------------------------- reading and writing, v3 and v4.1 */

static bool is4;
/* Chooses the next extent: random for small I/O, front to back in the slot's own file for large. */
static void extent(Slot *s)
{
    u64 parts = O.size / O.io;
    bool small = O.io <= 65536;
    s->len = O.io, s->file = small ? rnd(O.files) : s->gid % O.files, s->off = (small ? rnd((u32)parts) : s->count % parts) * O.io;
}
static Buf *io_call(Slot *s, u32 proc, u32 op4, const u8 *sid)
{
    Buf *b = is4 ? v4(s, &fh[s->file], 1) : v3(s, proc);
    if (!is4) pfh(b, &fh[s->file]);
    else { p32(b, op4); if (sid) praw(b, sid, SID); }
    return b;
}
static const u8 *open_sid(Slot *s) { return is4 ? s->c->sids[s->file] : NULL; }
static void s_read(Slot *s) { extent(s); Buf *b = io_call(s, V3_READ, OP_READ, open_sid(s)); p64(b, s->off); p32(b, s->len); }
static int r_read(Slot *s, Rd *r)
{
    int st = is4 ? r_op(s, r, OP_READ) : (int)g32(r);
    if (!is4) post_op(r, 1, O.size);
    if (st) return st;
    u32 n, count = is4 ? s->len : g32(r);
    g32(r);
    const u8 *d = gvar(r, &n, s->len);
    if (count != s->len || n != count) die("READ of %u bytes gave %u", s->len, n);
    check_data(d, s->file, s->off, n);
    return 0;
}
static void write_call(Slot *s, u32 stable, const u8 *sid)
{
    Buf *b = io_call(s, V3_WRITE, OP_WRITE, sid);
    p64(b, s->off);
    if (!is4) p32(b, s->len);
    p32(b, stable);
    put_data(b, s->file, s->off, s->len);
}
static int write_reply(Slot *s, Rd *r, u32 stable)
{
    int st = is4 ? r_op(s, r, OP_WRITE) : (int)g32(r);
    if (!is4) wcc(r);
    if (st) return st;
    u32 n = g32(r), how = g32(r);
    if (n != s->len) die("WRITE of %u bytes took %u", s->len, n);
    if (how < stable || how > 2) die("WRITE asked for stability %u, got %u", stable, how);
    check_verf(r);
    return 0;
}
static void s_write(Slot *s) { extent(s); write_call(s, 0, open_sid(s)); }
static int r_write(Slot *s, Rd *r) { return write_reply(s, r, 0); }
static void s_writesync(Slot *s) { extent(s); write_call(s, 2, open_sid(s)); }
static int r_writesync(Slot *s, Rd *r) { return write_reply(s, r, 2); }
static void commit_call(Slot *s) { Buf *b = io_call(s, V3_COMMIT, OP_COMMIT, NULL); p64(b, 0); p32(b, 0); }
static int commit_reply(Slot *s, Rd *r)
{
    int st = is4 ? r_op(s, r, OP_COMMIT) : (int)g32(r);
    if (!is4) wcc(r);
    if (!st) check_verf(r);
    return st;
}
/* Streams: step 0 writes through the slot's file, s->range counting, then step 1 commits it. */
static void s_stream(Slot *s)
{
    if (s->step == 1) { commit_call(s); return; }
    s->file = s->gid % O.files, s->len = O.io, s->off = (u64)s->range * O.io;
    write_call(s, 0, open_sid(s));
}
static int r_stream(Slot *s, Rd *r)            /* -1: stay in this step */
{
    int st = s->step ? commit_reply(s, r) : write_reply(s, r, 0);
    if (st) return st;
    if (s->step == 1) { s->range = 0; return 0; }
    return ++s->range >= O.size / O.io ? 0 : -1;
}
