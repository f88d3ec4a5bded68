/* workloads, histograms, and the loop that drives them. A part of nfsload.c, in this order: one program, one translation unit. */

/* ---------------------------------------------------------------- workloads */

enum { F_V4 = 1, F_OPENS = 2, F_DATA = 4, F_LOCKS = 8, F_HOLD = 16, F_NLM = 32, F_NODIR = 64, F_SLOTFILES = 128 };
enum { F_4LOCK = F_V4 | F_LOCKS | F_OPENS, F_4DATA = F_V4 | F_DATA | F_OPENS, MIB = 1 << 20 };
typedef struct {
    const char *name;
    void (*send)(Slot *);
    int (*recv)(Slot *, Rd *);                /* 0 done; >0 a status; -1 stay in this step */
    int flags, tolerated;
    u32 io;
    const char *step[MAXSTEP], *help;
} Work;

static const Work works[] = {
    { "null", s_null, r_null, F_NODIR, 0, 0, { "NULL" }, "v3 NULL" },
    { "getattr", s_getattr, r_getattr, F_DATA, 0, 0, { "GETATTR" }, "v3, random file of N" },
    { "lookup", s_lookup, r_lookup, F_DATA, 0, 0, { "LOOKUP" }, "v3, random name of N" },
    { "access", s_access, r_access, F_DATA, 0, 0, { "ACCESS" }, "v3, random file of N" },
    { "readdir", s_readdir, r_readdir, 0, 0, 32768, { "READDIR" }, "v3, directory of N, --io reply size" },
    { "readdirplus", s_readdir, r_readdir, 0, 0, 32768, { "READDIRPLUS" }, "v3, directory of N, --io reply size" },
    { "create", s_create, r_dirop, 0, 0, 0, { "CREATE", "REMOVE" }, "v3 CREATE then REMOVE" },
    { "mkdir", s_mkdir, r_dirop, 0, 0, 0, { "MKDIR", "RMDIR" }, "v3 MKDIR then RMDIR" },
    { "rename", s_rename, r_rename, F_SLOTFILES, 0, 0, { "RENAME", "RENAME back" }, "v3 RENAME there and back" },
    { "setattr", s_setattr, r_setattr, 0, 0, 0, { "SETATTR" }, "v3, mode of a random file" },
    { "read4k", s_read, r_read, F_DATA, 0, 4096, { "READ" }, "v3, random 4 KiB, cached" },
    { "write4k", s_write, r_write, F_DATA, 0, 4096, { "WRITE" }, "v3, random 4 KiB UNSTABLE" },
    { "write4ks", s_writesync, r_writesync, F_DATA, 0, 4096, { "WRITE" }, "v3, random 4 KiB FILE_SYNC" },
    { "read1m", s_read, r_read, F_DATA, 0, MIB, { "READ" }, "v3, 1 MiB streams" },
    { "write1m", s_stream, r_stream, F_DATA, 0, MIB, { "WRITE", "COMMIT" }, "v3, 1 MiB streams, COMMIT each --size" },
    { "nlm-range", s_nlm_range, r_nlm, F_NLM, 0, 0, { "LOCK", "UNLOCK" }, "NLM4, own range of one file" },
    { "nlm-files", s_nlm_files, r_nlm, F_NLM | F_SLOTFILES, 0, 0, { "LOCK", "UNLOCK" }, "NLM4, own file" },
    { "nlm-contended", s_nlm_contended, r_nlm_contended, F_NLM, 1, 0, { "LOCK", "UNLOCK" }, "NLM4, --ranges shared ranges, non-blocking" },
    { "nlm-hold", s_nlm_hold, r_nlm, F_NLM | F_HOLD, 0, 0, { "LOCK" }, "NLM4, take --hold locks over --files files" },
    { "v4-null", s4_null, r_seq, F_V4 | F_NODIR, 0, 0, { "SEQUENCE" }, "v4.1 SEQUENCE only" },
    { "v4-getattr", s4_getattr, r4_getattr, F_V4 | F_DATA, 0, 0, { "GETATTR" }, "v4.1 PUTFH GETATTR" },
    { "v4-open", s4_open, r4_open, F_V4, 0, 0, { "OPEN", "CLOSE" }, "v4.1 OPEN+GETFH then CLOSE" },
    { "v4-lock", s4_lock, r4_lock, F_4LOCK, 0, 0, { "LOCK", "LOCKU" }, "v4.1, own range of one file" },
    { "v4-lockfiles", s4_lockfiles, r4_lock, F_4LOCK | F_SLOTFILES, 0, 0, { "LOCK", "LOCKU" }, "v4.1, own file" },
    { "v4-read4k", s_read, r_read, F_4DATA, 0, 4096, { "READ" }, "v4.1, random 4 KiB, cached" },
    { "v4-write4k", s_write, r_write, F_4DATA, 0, 4096, { "WRITE" }, "v4.1, random 4 KiB UNSTABLE" },
    { "v4-write4ks", s_writesync, r_writesync, F_4DATA, 0, 4096, { "WRITE" }, "v4.1, random 4 KiB FILE_SYNC" },
    { "v4-read1m", s_read, r_read, F_4DATA, 0, MIB, { "READ" }, "v4.1, 1 MiB streams" },
    { "v4-write1m", s_stream, r_stream, F_4DATA, 0, MIB, { "WRITE", "COMMIT" }, "v4.1, 1 MiB streams, COMMIT each --size" },
    { "v4-hold", s4_hold, r4_lock, F_4LOCK | F_HOLD, 0, 0, { "LOCK" }, "v4.1, take --hold locks over --files files" },
};
enum { NWORKS = sizeof works / sizeof *works };
static const Work *W;
static int steps;                             /* of this workload: 1 or 2 */

/* ---------------------------------------------------------------- measuring */

enum { NBUCKET = 64 * 32 };
typedef struct { u64 n, sum, max, b[NBUCKET]; } Hist;
static Hist hist[MAXSTEP + 1], line;          /* by step, [MAXSTEP] all; line: this timeline interval */
static struct { int step, status; bool expected; u64 n; } errs[64];
static int nerrs;
static u64 unexpected, bytes, measured_ops;
static bool stopping;

static void record(Hist *h, u64 ns)           /* log-linear buckets: 3 % wide */
{
    int shift = ns < 64 ? 0 : 58 - __builtin_clzll(ns);
    h->b[shift * 32 + (int)(ns >> shift)]++, h->n++, h->sum += ns;
    if (ns > h->max) h->max = ns;
}
static double pct(const Hist *h, double q)    /* microseconds */
{
    u64 want = (u64)(q * (double)h->n), seen = 0;
    if (want >= h->n) want = h->n ? h->n - 1 : 0;
    for (int i = 0; i < NBUCKET; i++)
        if ((seen += h->b[i]) > want) {
            int shift = i < 64 ? 0 : i / 32 - 1;
            double v = (double)(((u64)(i - shift * 32) << shift) + (shift ? (1ull << shift) / 2 : 0));
            return (v > (double)h->max ? (double)h->max : v) / 1000;
        }
    return 0;
}
static void note_status(int step, int status, bool expected)
{
    int i = 0;
    while (i < nerrs && (errs[i].step != step || errs[i].status != status)) i++;
    if (i == nerrs && nerrs < 64) nerrs++, errs[i].step = step, errs[i].status = status, errs[i].expected = expected;
    if (i < 64) errs[i].n++;
    if (!expected) unexpected++;
}

typedef struct { double cpu, rss; } Proc;     /* CPU seconds and RSS KiB over all --pid processes */
static Proc proc_usage(void)
{
    Proc u = { 0, 0 };
    char list[256], *save = NULL;
    snprintf(list, sizeof list, "%s", O.pids ? O.pids : "");
    for (char *p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        char path[64], line_[1024];
        unsigned long ut = 0, st = 0;
        long rss = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", p);
        FILE *f = fopen(path, "r");
        if (!f) die("no process %s", p);
        char *at = fgets(line_, sizeof line_, f) ? strrchr(line_, ')') : NULL;
        if (at) sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld", &ut, &st, &rss);
        fclose(f);
        u.cpu += (double)(ut + st) / (double)sysconf(_SC_CLK_TCK), u.rss += (double)rss * 4;
    }
    return u;
}
static double own_cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* ---------------------------------------------------------------- the loop */

static Slot **idle;
static u32 nidle;
static u64 t_start, t_measure, t_end, t_line, t_stopped;
static double cpu0, cpu1;
static Proc use0, use1;

static bool more(Slot *s)                     /* hold workloads end at their count, others by time */
{
    if (W->flags & F_HOLD) return !stopping && s->gid + s->count * nslots < O.hold;
    return !stopping || s->step != 0;
}
static void issue(Slot *s, u64 t0)
{
    W->send(s);
    rpc_end(&s->c->out);
    s->t0 = t0, s->busy = true, s->c->inflight++;
}
static void complete(Slot *s, Rd *r, u64 t)
{
    int step = s->step, st = W->recv(s, r);
    s->busy = false, s->c->inflight--;
    if (st > 0) {
        bool delay = st == DELAY || (W->flags & F_NLM && st == 4) || st == GRACE4;
        bool expected = delay || st == W->tolerated;   /* 0 tolerates none */
        if (measuring || !expected) note_status(step, st, expected);
        if (!delay) s->step = 0;
        if (!expected && unexpected > 1000) die("too many unexpected statuses, the last one %d in %s", st, W->step[step]);
    } else if (st == 0) s->step = (step + 1) % steps;
    if (measuring) {
        u64 ns = t - s->t0;
        record(&hist[step], ns), record(&line, ns), measured_ops++;
        if (!strncmp(W->step[step], "READ", 5) || !strcmp(W->step[step], "WRITE")) bytes += s->len;
    }
    if (st <= 0 || (W->flags & F_HOLD)) s->count++;
    if (O.rate > 0 && s->step == 0 && !stopping) idle[nidle++] = s;
    else if (more(s)) issue(s, t);
}
static void serve(Conn *c)
{
    Rd r;
    do
        while (next_record(c, &r)) {
            u32 x;
            if (r.end - r.p < 4) die("short reply");
            memcpy(&x, r.p, 4);
            Slot *s = &c->slot[(ntohl(x) - c->base) % c->nslots];
            if (!s->busy || s->xid != ntohl(x)) die("reply to unknown xid %08x", ntohl(x));
            reply_head(&r, s->xid);
            complete(s, &r, now());
        }
    while (fill(c));
}
static double wall(void)                       /* Unix time, to line up the output of several nfsloads */
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void print_line(void)
{
    fprintf(stderr, "t=%.3f ops=%" PRIu64 " p50=%.0fus p99=%.0fus max=%.0fus\n", wall(), line.n, pct(&line, .5), pct(&line, .99),
            (double)line.max / 1000);
    memset(&line, 0, sizeof line);
}

static void run(void)
{
    int ep = epoll_create1(0);
    struct epoll_event ev[64];
    idle = xalloc(nslots, sizeof *idle), nidle = 0;
    stopping = measuring = false;
    memset(hist, 0, sizeof hist), memset(&line, 0, sizeof line);
    measured_ops = bytes = total_entries = 0;
    for (int i = 0; i < O.conns; i++) {
        ev[0] = (struct epoll_event){ .events = EPOLLIN, .data.ptr = conns[i] };
        epoll_ctl(ep, EPOLL_CTL_ADD, conns[i]->fd, &ev[0]);
    }
    t_start = now();
    t_measure = t_start + (u64)((W->flags & F_HOLD ? 0 : O.warmup) * 1e9);
    t_end = t_measure + (u64)(O.seconds * 1e9);
    t_line = t_start + (u64)O.timeline * MS;
    u64 due = t_start, gap = O.rate > 0 ? (u64)(1e9 / O.rate) : 0, t = t_start;
    for (u32 i = 0; i < nslots; i++) {
        if (O.rate > 0) idle[nidle++] = slots[i];
        else if (more(slots[i])) issue(slots[i], t);
    }
    for (;;) {
        t = now();
        if (!measuring && !stopping && t >= t_measure) measuring = true, t_measure = t, cpu0 = own_cpu(), use0 = proc_usage();
        while (O.rate > 0 && !stopping && nidle && due <= t) issue(idle[--nidle], due), due += gap;
        int flying = 0;
        for (int i = 0; i < O.conns; i++) {
            Conn *c = conns[i];
            if (c->out.len) flush(c);
            if ((c->out.len > 0) != c->wantout) {
                c->wantout = !c->wantout;
                struct epoll_event e = { .events = EPOLLIN | (c->wantout ? EPOLLOUT : 0), .data.ptr = c };
                epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
            }
            flying += c->inflight;
        }
        if (O.timeline && t >= t_line) print_line(), t_line += (u64)O.timeline * MS;
        if (!stopping && (t >= t_end || (flying == 0 && O.rate <= 0))) {
            if (measuring) t_end = t, cpu1 = own_cpu(), use1 = proc_usage();
            measuring = false, stopping = true, t_stopped = t;
        }
        if (stopping && !flying) break;
        if (stopping && t > t_stopped + 120 * SEC) die("%d replies missing 120 s after the end", flying);
        u64 wait = 100 * MS;
        if (!stopping && t_end - t < wait) wait = t_end - t;
        if (O.rate > 0 && !stopping && nidle) wait = due > t ? (due - t < wait ? due - t : wait) : 0;
        struct timespec ts = { 0, (long)wait };
        int n = epoll_pwait2(ep, ev, 64, &ts, NULL);
        for (int i = 0; i < n; i++)
            if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) serve(ev[i].data.ptr);
    }
    close(ep);
    for (int k = 0; k < steps; k++) {
        Hist *a = &hist[MAXSTEP], *h = &hist[k];
        for (int i = 0; i < NBUCKET; i++) a->b[i] += h->b[i];
        a->n += h->n, a->sum += h->sum;
        if (h->max > a->max) a->max = h->max;
    }
}

static void report(const char *what)
{
    double secs = (double)(t_end - t_measure) / 1e9, n = measured_ops ? (double)measured_ops : 1;
    const Hist *a = &hist[MAXSTEP];
    double cpu = (use1.cpu - use0.cpu) * 1e6 / n, own = (cpu1 - cpu0) * 1e6 / n;
    if (O.json) {
        printf("{\"workload\":\"%s\",\"phase\":\"%s\",\"label\":\"%s\",\"conns\":%d,\"depth\":%d,\"files\":%u,\"size\":%" PRIu64
               ",\"seconds\":%.4f,\"ops\":%" PRIu64 ",\"ops_s\":%.1f,\"mb_s\":%.2f,\"entries_s\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
               "\"p999_us\":%.1f,\"max_us\":%.1f,\"client_cpu_us_op\":%.3f,\"server_cpu_us_op\":%.3f,\"server_cpu_s\":%.2f,"
               "\"rss0_kib\":%.0f,\"rss1_kib\":%.0f,\"unexpected\":%" PRIu64 ",\"steps\":{",
               W->name, what, O.label, O.conns, O.depth, O.files, O.size, secs, measured_ops, (double)measured_ops / secs,
               (double)bytes / secs / 1e6, (double)total_entries / secs, pct(a, .5), pct(a, .99), pct(a, .999), (double)a->max / 1000,
               own, O.pids ? cpu : -1, O.pids ? use1.cpu - use0.cpu : -1, use0.rss, use1.rss, unexpected);
        for (int k = 0; k < steps; k++)
            printf("%s\"%s\":{\"n\":%" PRIu64 ",\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}", k ? "," : "", W->step[k], hist[k].n,
                   pct(&hist[k], .5), pct(&hist[k], .99), (double)hist[k].max / 1000);
        printf("},\"statuses\":[");
        for (int i = 0; i < nerrs; i++)
            printf("%s{\"op\":\"%s\",\"status\":%d,\"expected\":%s,\"n\":%" PRIu64 "}", i ? "," : "", W->step[errs[i].step], errs[i].status,
                   errs[i].expected ? "true" : "false", errs[i].n);
        printf("]}\n");
    } else {
        printf("%-13s %s%d conns x %d: %.0f ops/s", W->name, what, O.conns, O.depth, (double)measured_ops / secs);
        if (bytes) printf("  %.1f MB/s", (double)bytes / secs / 1e6);
        if (total_entries) printf("  %.0f entries/s", (double)total_entries / secs);
        printf("  latency us p50 %.0f p99 %.0f p99.9 %.0f max %.0f  cpu us/op client %.2f", pct(a, .5), pct(a, .99), pct(a, .999),
               (double)a->max / 1000, own);
        if (O.pids) printf(" server %.2f  rss %.1f -> %.1f MiB", cpu, use0.rss / 1024, use1.rss / 1024);
        printf("  (%" PRIu64 " ops in %.2f s)\n", measured_ops, secs);
        for (int k = 0; steps > 1 && k < steps; k++)
            printf("  %-12s n %" PRIu64 "  p50 %.0f p99 %.0f max %.0f us\n", W->step[k], hist[k].n, pct(&hist[k], .5), pct(&hist[k], .99),
                   (double)hist[k].max / 1000);
        for (int i = 0; i < nerrs; i++)
            printf("  %s status %d%s: %" PRIu64 "\n", W->step[errs[i].step], errs[i].status, errs[i].expected ? " (expected)" : " UNEXPECTED",
                   errs[i].n);
    }
    fflush(stdout);
}
