/* options, XDR, connections, ONC RPC (RFC 5531), and the data that files carry. A part of nfsload.c, in this order: one program, one translation unit. */

/* ---------------------------------------------------------------- options and globals */

static struct {
    const char *server, *export, *workload, *bind, *netns, *pids, *caller, *release, *nsm_name, *label;
    int port, mount_port, nlm_port, conns, depth, ranges, grace_wait, timeline;
    u32 files, io, owners;
    u64 size, hold;
    double seconds, warmup, rate, hold_seconds;
    bool json, keep;
} O = { .server = "127.0.0.1", .export = "/", .workload = NULL, .port = 2049, .conns = 1,
        .depth = 1, .ranges = 4, .grace_wait = 120, .files = 64, .size = 1 << 20, .hold = 10000,
        .seconds = 5, .warmup = 0.5, .release = "unlock", .label = "" };

static u64 now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
    va_list a;
    va_start(a, fmt);
    fprintf(stderr, "nfsload: %s: ", O.workload ? O.workload : "");
    vfprintf(stderr, fmt, a);
    fputc('\n', stderr);
    va_end(a);
    exit(2);
}

static void *xalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) die("out of memory");
    return p;
}

static u64 rng_state = 88172645463325252ull;
static u32 rnd(u32 n)                           /* xorshift64: 0 .. n-1 */
{
    rng_state ^= rng_state << 13, rng_state ^= rng_state >> 7, rng_state ^= rng_state << 17;
    return (u32)((rng_state >> 11) % n);
}

/* ---------------------------------------------------------------- XDR */

typedef struct { u8 *p; size_t len, cap, mark; } Buf;            /* writer */
typedef struct { const u8 *p, *end; } Rd;                        /* reader */
typedef struct { u32 len; u8 d[128]; } Fh;

static u8 *room(Buf *b, size_t n)
{
    if (b->len + n > b->cap) {
        b->cap = (b->len + n) * 2 + 4096;
        if (!(b->p = realloc(b->p, b->cap))) die("out of memory");
    }
    u8 *at = b->p + b->len;
    b->len += n;
    return at;
}
static void p32(Buf *b, u32 v) { v = htonl(v); memcpy(room(b, 4), &v, 4); }
static void p64(Buf *b, u64 v) { p32(b, (u32)(v >> 32)); p32(b, (u32)v); }
static void praw(Buf *b, const void *d, u32 n)                   /* fixed opaque, padded */
{
    u8 *at = room(b, (n + 3) & ~3u);
    memcpy(at, d, n);
    memset(at + n, 0, ((n + 3) & ~3u) - n);
}
static void pvar(Buf *b, const void *d, u32 n) { p32(b, n); praw(b, d, n); }
static void pstr(Buf *b, const char *s) { pvar(b, s, (u32)strlen(s)); }
static void pfh(Buf *b, const Fh *f) { pvar(b, f->d, f->len); }

static const u8 *graw(Rd *r, size_t n)
{
    size_t k = (n + 3) & ~(size_t)3;
    if ((size_t)(r->end - r->p) < k) die("short reply (%zu bytes wanted, %td left)", k, r->end - r->p);
    const u8 *at = r->p;
    r->p += k;
    return at;
}
static u32 g32(Rd *r) { u32 v; memcpy(&v, graw(r, 4), 4); return ntohl(v); }
static u64 g64(Rd *r) { u64 h = g32(r); return h << 32 | g32(r); }
static const u8 *gvar(Rd *r, u32 *n, u32 max)
{
    *n = g32(r);
    if (*n > max) die("opaque of %u bytes, at most %u allowed", *n, max);
    return graw(r, *n);
}
static void gfh(Rd *r, Fh *f) { u32 n; const u8 *d = gvar(r, &n, sizeof f->d); f->len = n; memcpy(f->d, d, n); }
static void same_fh(Rd *r, const Fh *want)
{
    Fh f;
    gfh(r, &f);
    if (f.len != want->len || memcmp(f.d, want->d, f.len)) die("file handle differs from the one given before");
}

/* ---------------------------------------------------------------- connections */

struct Conn;
typedef struct {
    struct Conn *c;
    u32 idx, gid, xid;         /* index in connection, index overall */
    bool busy;
    u64 t0, count;             /* send time; ops done */
    int step;
    u32 file, len;             /* the operation under way */
    u64 off;
    u32 seq, range, owner;     /* v4.1 slot sequence id; range or writes so far; NLM owner */
    u8 sid[SID], (*lsid)[SID]; /* v4 open stateid; lock stateids by file */
    bool *has_lock;
    u64 cookie; u8 cverf[8]; u32 names;
} Slot;

typedef struct Conn {
    int fd, id;
    Buf out; size_t sent;
    u8 *in; size_t ipos, ilen, icap;
    Buf frag;
    Slot *slot;
    u32 nslots, base, turn;
    int inflight;
    bool wantout;
    u8 session[16];
    u64 clientid;
    u8 (*sids)[SID];           /* v4 open stateid by file */
} Conn;

static int dial(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1, buf = 4 << 20, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket: %s", strerror(errno));
    if (O.bind) {
        struct sockaddr_in l = { .sin_family = AF_INET };
        if (inet_pton(AF_INET, O.bind, &l.sin_addr) != 1 || bind(fd, (void *)&l, sizeof l)) die("bind %s: %s", O.bind, strerror(errno));
    }
    if (inet_pton(AF_INET, O.server, &a.sin_addr) != 1) die("bad address %s", O.server);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buf, sizeof buf);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buf, sizeof buf);
    if (connect(fd, (void *)&a, sizeof a)) die("connect %s:%d: %s", O.server, port, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static Conn *new_conn(int port, int id, int depth)
{
    static u32 gid;
    Conn *c = xalloc(1, sizeof *c);
    c->fd = dial(port);
    c->id = id;
    c->base = (u32)(now() >> 10) * 2654435761u + (u32)id * 0x01000193u;
    c->nslots = (u32)depth;
    c->slot = xalloc(c->nslots, sizeof *c->slot);
    for (u32 i = 0; i < c->nslots; i++)
        c->slot[i] = (Slot){ .c = c, .idx = i, .gid = gid++, .seq = 0 };
    return c;
}

static void close_conn(Conn *c) { close(c->fd); free(c->in); free(c->out.p); free(c->frag.p); c->fd = -1; }

static void flush(Conn *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.p + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) die("send: %s", strerror(errno));
        c->sent += (size_t)n;
    }
    c->sent = c->out.len = 0;
}

/* Reads what is there. Returns false when nothing more is to be had now. */
static bool fill(Conn *c)
{
    if (c->ipos) {
        memmove(c->in, c->in + c->ipos, c->ilen - c->ipos);
        c->ilen -= c->ipos, c->ipos = 0;
    }
    u32 want = 65536;
    if (c->ilen >= 4) {
        u32 h;
        memcpy(&h, c->in, 4);
        h = ntohl(h) & 0x7fffffff;
        if (h > MAXREC) die("record fragment of %u bytes", h);
        if (h + 4 > want) want = h + 4;
    }
    if (c->icap < want + 65536 && !(c->in = realloc(c->in, c->icap = want + 65536))) die("out of memory");
    ssize_t n = recv(c->fd, c->in + c->ilen, c->icap - c->ilen, 0);
    if (n == 0) die("server closed the connection");
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) die("recv: %s", strerror(errno));
    c->ilen += (size_t)n;
    return true;
}

/* Next whole record already read, joined from its fragments. */
static bool next_record(Conn *c, Rd *r)
{
    while (c->ilen - c->ipos >= 4) {
        u32 h;
        memcpy(&h, c->in + c->ipos, 4);
        h = ntohl(h);
        u32 n = h & 0x7fffffff;
        if (n > MAXREC || c->frag.len + n > MAXREC) die("record of more than %d bytes", MAXREC);
        if (c->ilen - c->ipos < 4 + (size_t)n) return false;
        const u8 *d = c->in + c->ipos + 4;
        c->ipos += 4 + (size_t)n;
        if ((h >> 31) && !c->frag.len) { *r = (Rd){ d, d + n }; return true; }
        memcpy(room(&c->frag, n), d, n);
        if (h >> 31) { *r = (Rd){ c->frag.p, c->frag.p + c->frag.len }; c->frag.len = 0; return true; }
    }
    return false;
}

/* ---------------------------------------------------------------- RPC */

static Buf cred;                              /* AUTH_SYS uid 0 gid 0, then AUTH_NONE verifier */
static void make_cred(void)
{
    Buf b = { 0 };
    p32(&b, 1); pstr(&b, "nfsload"); p32(&b, 0); p32(&b, 0); p32(&b, 0);
    p32(&cred, 1); pvar(&cred, b.p, (u32)b.len); p32(&cred, 0); p32(&cred, 0);
    free(b.p);
}

static Buf *rpc(Slot *s, u32 prog, u32 vers, u32 proc)
{
    Buf *b = &s->c->out;
    b->mark = b->len;
    s->xid = s->c->base + s->c->turn++ * s->c->nslots + s->idx;
    p32(b, 0); p32(b, s->xid); p32(b, 0); p32(b, 2); p32(b, prog); p32(b, vers); p32(b, proc);
    praw(b, cred.p, (u32)cred.len);
    return b;
}

static void rpc_end(Buf *b)
{
    u32 h = htonl(0x80000000u | (u32)(b->len - b->mark - 4));
    memcpy(b->p + b->mark, &h, 4);
}

static void reply_head(Rd *r, u32 xid)
{
    u32 n, v, x = g32(r);
    if (x != xid) die("reply to xid %08x, %08x was asked", x, xid);
    if (g32(r) != 1) die("not a reply");
    if ((v = g32(r)) != 0) die("RPC call denied (%u, %u)", g32(r), g32(r));
    if ((v = g32(r)) != 0 && v != 2) die("reply verifier of flavour %u to AUTH_SYS", v);
    gvar(r, &n, 400);
    if ((v = g32(r)) != 0) die("RPC accept status %u", v);
}

static Rd sync_call(Slot *s)                  /* sends what rpc() began, waits for its reply */
{
    Conn *c = s->c;
    Rd r;
    rpc_end(&c->out);
    u64 end = now() + 300 * SEC;
    while (flush(c), !next_record(c, &r)) {
        if (fill(c)) continue;
        struct pollfd p = { c->fd, (short)(POLLIN | (c->out.len ? POLLOUT : 0)), 0 };
        poll(&p, 1, 1000);
        if (now() > end) die("no reply within 300 s");
    }
    reply_head(&r, s->xid);
    return r;
}

/* ---------------------------------------------------------------- file data */

static u8 pattern[BLK];
static void make_pattern(void) { for (int i = 0; i < BLK; i++) pattern[i] = (u8)(i * 131 + (i >> 8) * 17 + 7); }
static void put_data(Buf *b, u32 file, u64 off, u32 len)
{
    p32(b, len);
    for (u32 done = 0; done < len; done += BLK) {
        u64 tag[2] = { 0x6e66736c6f6164ull ^ (u64)file << 32, off + done };
        u8 *at = room(b, BLK);
        memcpy(at, pattern, BLK);
        memcpy(at, tag, 16);
    }
}
static void check_data(const u8 *d, u32 file, u64 off, u32 len)
{
    for (u32 done = 0; done < len; done += BLK, d += BLK) {
        u64 tag[2] = { 0x6e66736c6f6164ull ^ (u64)file << 32, off + done };
        if (memcmp(d, tag, 16) || memcmp(d + 16, pattern + 16, BLK - 16))
            die("wrong data in file %u at offset %" PRIu64, file, off + done);
    }
}
