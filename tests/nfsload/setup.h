/* sessions, the data set on the server, cleaning up. A part of nfsload.c, in this order: one program, one translation unit. */

/* ---------------------------------------------------------------- sessions, setting up, cleaning up */

static u8 boot_verf[8];
static void chan_attrs(Buf *b, u32 size, u32 slots_)
{
    p32(b, 0); p32(b, size); p32(b, size); p32(b, 8192); p32(b, 16); p32(b, slots_); p32(b, 0);
}
static void new_session(Conn *c)               /* EXCHANGE_ID, CREATE_SESSION */
{
    char owner[96];
    Slot *s = c->slot;
    Buf *b = compound(s, 1);
    sprintf(owner, "nfsload-%s-%d", dirname_, c->id);
    p32(b, OP_EXCHANGE_ID); praw(b, boot_verf, 8); pstr(b, owner); p32(b, 0); p32(b, 0); p32(b, 0);
    Rd r = sync_call(s);
    need(first_op(&r, OP_EXCHANGE_ID), "EXCHANGE_ID");
    c->clientid = g64(&r);
    u32 seq = g32(&r);
    b = compound(s, 1);
    p32(b, OP_CREATE_SESSION); p64(b, c->clientid); p32(b, seq); p32(b, 0);
    chan_attrs(b, (1 << 20) + 16384, c->nslots), chan_attrs(b, 4096, 1);
    p32(b, 0x40000000); p32(b, 1); p32(b, 0);
    r = sync_call(s);
    need(first_op(&r, OP_CREATE_SESSION), "CREATE_SESSION");
    memcpy(c->session, graw(&r, 16), 16);
    graw(&r, 12);
    u32 req = g32(&r), resp = g32(&r);
    graw(&r, 8);
    u32 given = g32(&r);
    if (req < O.io + 1024 || resp < O.io + 1024) die("session takes only %u/%u bytes, %u wanted", req, resp, O.io);
    if (given < c->nslots) fprintf(stderr, "nfsload: the server gives %u slots a session, not %u\n", given, c->nslots), c->nslots = given;
    for (u32 i = 0; i < c->nslots; i++) c->slot[i].seq = 0;
}
static void start_session(Conn *c)
{
    new_session(c);
    Buf *b = v4(c->slot, NULL, 1);
    p32(b, OP_RECLAIM_COMPLETE); p32(b, 0);
    Rd r = sync_call(c->slot);
    need(r_seq(c->slot, &r), "SEQUENCE"), need(op(&r, OP_RECLAIM_COMPLETE), "RECLAIM_COMPLETE");
}
static void end_session(Conn *c)
{
    Buf *b = compound(c->slot, 1);
    p32(b, OP_DESTROY_SESSION); praw(b, c->session, 16); sync_call(c->slot);
    b = compound(c->slot, 1);
    p32(b, OP_DESTROY_CLIENTID); p64(b, c->clientid); sync_call(c->slot);
}
/* Opens file i on this connection, waiting out the grace period. */
static void open_file(Conn *c, u32 i, bool create, u8 sid[SID])
{
    int st;
    for (u64 end = now() + (u64)O.grace_wait * SEC;; usleep(200000)) {
        open_call(c->slot, i, create);
        Rd r = sync_call(c->slot);
        if (!(st = open_reply(c->slot, &r, sid, &fh[i]))) return;
        if ((st != GRACE4 && st != DELAY) || now() > end) die("OPEN %s: status %d", fname(i), st);
    }
}
static void close_file(Conn *c, u32 i, const u8 *sid)
{
    c->slot->file = i, close_call(c->slot, sid);
    Rd r = sync_call(c->slot);
    need(r_op(c->slot, &r, OP_CLOSE), "CLOSE");
}
static void make_dir3(Slot *s)
{
    Conn *m = O.mount_port == O.port ? ctl : new_conn(O.mount_port, -1, 1);
    pstr(rpc(m->slot, MOUNTD, 3, 1), O.export);
    Rd r = sync_call(m->slot);
    need((int)g32(&r), "MOUNT"), gfh(&r, &root);
    if (m != ctl) close_conn(m);
    pfh(v3(s, V3_FSINFO), &root);
    r = sync_call(s), need((int)g32(&r), "FSINFO"), post_op(&r, 2, UINT64_MAX);
    u32 rtmax = g32(&r), wtmax = (g32(&r), g32(&r), g32(&r));
    if (wtmax < max_write) max_write = wtmax;
    u32 top = rtmax < wtmax ? rtmax : wtmax;
    if (O.io > top) fprintf(stderr, "nfsload: the server takes %u bytes at a time, not %u\n", top, O.io), O.io = top;
    Buf *b = v3(s, V3_MKDIR);
    diropname(b, &root, dirname_), sattr3(b, 0755);
    r = sync_call(s), need((int)g32(&r), "MKDIR"), opt_fh(&r, &dir);
    if (!dir.len) die("MKDIR gave no file handle");
}
static void make_dir4(Slot *s)
{
    char path[1024], *save = NULL, *part[64];
    u32 parts = 0;
    snprintf(path, sizeof path, "%s", O.export);
    for (char *p = strtok_r(path, "/", &save); p && parts < 64; p = strtok_r(NULL, "/", &save)) part[parts++] = p;
    start_session(ctl);
    Buf *b = v4(s, NULL, parts + 4);
    p32(b, OP_PUTROOTFH);
    for (u32 i = 0; i < parts; i++) p32(b, OP_LOOKUP), pstr(b, part[i]);
    p32(b, OP_GETFH);
    p32(b, OP_CREATE); p32(b, 2); pstr(b, dirname_); mode_attr(b, 0755);
    p32(b, OP_GETFH);
    Rd r = sync_call(s);
    need(r_seq(s, &r), "SEQUENCE"), need(op(&r, OP_PUTROOTFH), "PUTROOTFH");
    for (u32 i = 0; i < parts; i++) need(op(&r, OP_LOOKUP), part[i]);
    need(op(&r, OP_GETFH), "GETFH"), gfh(&r, &root);
    need(op(&r, OP_CREATE), "CREATE of a directory"), graw(&r, 20);
    for (u32 n = g32(&r); n; n--) g32(&r);
    need(op(&r, OP_GETFH), "GETFH"), gfh(&r, &dir);
}
static void make_files(u32 files, u64 size)
{
    Slot *s = ctl->slot;
    Rd r;
    fh = xalloc(files, sizeof *fh);
    for (u32 i = 0; i < files; i++) {
        if (is4) open_file(ctl, i, true, s->sid);
        else {
            Buf *b = v3(s, V3_CREATE);
            diropname(b, &dir, fname(i)), p32(b, 0), sattr3(b, 0644);
            r = sync_call(s), need((int)g32(&r), "CREATE"), opt_fh(&r, &fh[i]);
            if (!fh[i].len) die("CREATE gave no file handle");
        }
        for (s->file = i, s->off = 0; s->off < size; s->off += s->len) {
            s->len = (u32)(size - s->off < max_write ? size - s->off : max_write);
            write_call(s, 0, s->sid), r = sync_call(s), need(write_reply(s, &r, 0), "WRITE");
        }
        if (size) commit_call(s), r = sync_call(s), need(commit_reply(s, &r), "COMMIT");
        if (is4) close_file(ctl, i, s->sid);
    }
}
static void remove_files(u32 files)
{
    for (u32 i = 0; i <= files; i++) {
        const char *name = i < files ? fname(i) : dirname_;
        const Fh *in = i < files ? &dir : &root;
        Buf *b = is4 ? v4(ctl->slot, in, 1) : v3(ctl->slot, i < files ? V3_REMOVE : V3_RMDIR);
        if (is4) p32(b, OP_REMOVE), pstr(b, name);
        else diropname(b, in, name);
        Rd r = sync_call(ctl->slot);
        int st = is4 ? r_op(ctl->slot, &r, OP_REMOVE) : (int)g32(&r);
        if (st) fprintf(stderr, "nfsload: cleaning up %s: status %d\n", name, st);
    }
    if (is4) end_session(ctl);
}
