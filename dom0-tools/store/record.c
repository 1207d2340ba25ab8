/* SPDX-License-Identifier: MIT */
/*
 * What the journal says: one function per fact that must survive the daemon, and the way back.
 *
 * How a guest does not notice that the daemon died
 * ------------------------------------------------
 * A ring's page is the guest's memory, so it survives. What must be right after a restart is that
 * every request was done once and every byte of output arrives once, wherever the daemon was
 * killed.
 *
 * Both directions of a ring are streams of bytes whose positions are the free-running 32-bit
 * indices in the page. In one round (conn.c) the daemon handles requests and changes nothing but
 * its own memory; then one batch goes to the journal that holds, for everything the round did: the
 * changes of the store, the new position in the input (RING_IN), and all bytes of output, answers
 * and events, that came of it (RING_OUT). Only then does it touch the page. The batch is there
 * completely or not at all (its checksum says which), hence:
 *
 * - Killed before the batch is complete: nothing was published. req_cons still stands before the
 *   requests; they are read again and handled as if for the first time.
 * - Killed after: the requests are done. The new run sets req_cons to the journal's position,
 *   whether or not the old one got to it, so they are not handled again. Their output is in the
 *   journal. How much of it the guest has already been given need not be recorded: the journal
 *   knows the position S at which the recorded output begins, the page's rsp_prod says where the
 *   old run stopped, and rsp_prod - S bytes are dropped from the front. rsp_prod is one aligned
 *   32-bit store that comes after the bytes it covers, so it cannot be half done; bytes copied
 *   beyond it are copied again.
 *
 * A request that is not complete is consumed as far as it has come (it may be larger than the ring,
 * and the guest sends no event for bytes behind unconsumed ones). Each part is recorded with its
 * bytes (RING_PART) before req_cons moves; a restart continues with what has come in so far. A
 * guest may have scribbled over req_cons, which does no harm since the journal's value is taken, or
 * over rsp_prod: if that is not between S and the end of the recorded output, the ring counts as
 * broken; if it is, the guest gets other bytes than it should, and has only itself to blame.
 *
 * Open transactions are not kept, only their ids: a guest that goes on with one is told EAGAIN when
 * it ends it, which every client must expect. Sockets end with the daemon; what was acknowledged
 * over them is in the journal, because their answers are published after the batch, too.
 */
#include "store/record.h"

#include <string.h>
#include <syslog.h>

#include "daemon/mem.h"
#include "daemon/process.h"
#include "store/change.h"
#include "store/conn.h"
#include "store/domains.h"
#include "store/journal.h"
#include "store/quota.h"
#include "store/tree.h"
#include "store/txn.h"
#include "store/watch.h"

enum record_type {
    REC_NODE = 'N',         /* path, value, permissions: a node as it is */
    REC_WRITE = 'W',        /* creator, path, value */
    REC_MKDIR = 'M',        /* creator, path */
    REC_RM = 'R',           /* creator, path */
    REC_PERMS = 'P',        /* creator, path, permissions */
    REC_LIFE = 'L',         /* domid, life */
    REC_INTRODUCE = 'D',    /* domid, gfn, port */
    REC_RELEASE = 'X',      /* domid */
    REC_REPORTED = 'F',     /* domid, bool */
    REC_TARGET = 'T',       /* domid, target */
    REC_WATCH = 'w',        /* domid, path, relative, token */
    REC_UNWATCH = 'u',      /* domid, path, token */
    REC_TXN = 't',          /* domid, id, open */
    REC_RESET = 'Z',        /* domid */
    REC_RING = 'S',         /* domid, in_pos, out_pos */
    REC_RING_IN = 'I',      /* domid, in_pos */
    REC_RING_PART = 'i',    /* domid, in_pos, bytes */
    REC_RING_OUT = 'O',     /* domid, bytes */
    REC_OVERFLOW = 'V',     /* domid, bool */
    REC_QUOTA = 'Q',        /* name, value */
};

static bool loading;
static struct buf rec;      /* the record being put together */

/* -- Writing: begin(), fields, end(). -- */

static void put64(uint64_t v)
{
    buf_add(&rec, &v, sizeof(v));
}

static void put32(uint32_t v)
{
    buf_add(&rec, &v, sizeof(v));
}

static void put_bytes(const void *data, uint32_t len)
{
    put32(len);
    buf_add(&rec, data, len);
}

static void put_string(const char *s)
{
    put_bytes(s, strlen(s));
}

static void put_perms(const struct perms *p)
{
    put_bytes(p->entry, p->count * sizeof(p->entry[0]));
}

/* Start a record about a domain. Returns false while loading: then nothing is to be recorded. */
static bool begin(enum record_type type, uint16_t domid)
{
    if (loading)
        return false;
    rec.len = 0;
    buf_add(&rec, &(char){ type }, 1);
    put32(domid);
    return true;
}

static void end(void)
{
    journal_add(rec.data, rec.len);
}

void record_change(const struct change *c)
{
    static const char type[] = {
        [CHANGE_WRITE] = REC_WRITE, [CHANGE_MKDIR] = REC_MKDIR,
        [CHANGE_RM] = REC_RM, [CHANGE_PERMS] = REC_PERMS,
    };

    if (!begin(type[c->type], c->creator))
        return;
    put_string(c->path);
    if (c->type == CHANGE_WRITE)
        put_bytes(c->value, c->len);
    if (c->type == CHANGE_PERMS)
        put_perms(c->perms);
    end();
}

void record_watch(struct conn *c, const char *path, bool relative, const char *token)
{
    if (!c->is_ring || !begin(REC_WATCH, c->who.domid))
        return;
    put_string(path);
    put32(relative);
    put_string(token);
    end();
}

void record_unwatch(struct conn *c, const char *path, const char *token)
{
    if (!c->is_ring || !begin(REC_UNWATCH, c->who.domid))
        return;
    put_string(path);
    put_string(token);
    end();
}

void record_txn(struct conn *c, uint32_t id, bool open)
{
    if (!c->is_ring || !begin(REC_TXN, c->who.domid))
        return;
    put32(id);
    put32(open);
    end();
}

void record_reset(struct conn *c)
{
    if (c->is_ring && begin(REC_RESET, c->who.domid))
        end();
}

void record_introduce(const struct domain *d)
{
    if (!begin(REC_INTRODUCE, d->domid))
        return;
    put64(d->gfn);
    put32(d->remote_port);
    end();
}

void record_release(uint16_t domid)
{
    if (begin(REC_RELEASE, domid))
        end();
}

void record_reported(const struct domain *d)
{
    if (!begin(REC_REPORTED, d->domid))
        return;
    put32(d->reported);
    end();
}

void record_target(const struct domain *d)
{
    if (!begin(REC_TARGET, d->domid))
        return;
    put32(d->target);
    end();
}

void record_ring(const struct conn *c)
{
    if (!begin(REC_RING, c->who.domid))
        return;
    put32(c->ring.in_pos);
    put32(c->ring.out_pos);
    end();
}

void record_in_pos(const struct conn *c)
{
    if (!c->is_ring || !begin(REC_RING_IN, c->who.domid))
        return;
    put32(c->ring.in_pos);
    end();
}

void record_in_part(const struct conn *c, const void *data, size_t len)
{
    if (!begin(REC_RING_PART, c->who.domid))
        return;
    put32(c->ring.in_pos);
    put_bytes(data, len);
    end();
}

void record_out(const struct conn *c, const void *data, size_t len)
{
    if (!c->is_ring || !begin(REC_RING_OUT, c->who.domid))
        return;
    put_bytes(data, len);
    end();
}

void record_overflow(const struct conn *c)
{
    if (!c->is_ring || !begin(REC_OVERFLOW, c->who.domid))
        return;
    put32(c->overflow);
    end();
}

void record_quota(const char *name, uint64_t value)
{
    if (!begin(REC_QUOTA, 0))
        return;
    put_string(name);
    put64(value);
    end();
}

/* -- The present state as records. -- */

static void dump_node(struct node *n, void *unused)
{
    (void)unused;
    begin(REC_NODE, 0);
    put_string(n->link.key);
    put_bytes(n->value, n->len);
    put_perms(n->perms);
    end();
}

static void dump_watches(struct conn *c)
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &c->watches) {
        struct watch *w = container_of(pos, struct watch, by_conn);

        record_watch(c, watch_path(w), w->relative, w->token);
    }
}

static void dump_txn(struct conn *c, uint32_t id)
{
    record_txn(c, id, true);
}

static void dump_domain(struct domain *d)
{
    struct conn *c = d->conn;

    record_introduce(d);
    if (d->reported)
        record_reported(d);
    if (d->target != NO_DOMAIN)
        record_target(d);
    if (!c)
        return;
    dump_watches(c);
    txn_each(c, dump_txn);
    record_ring(c);
    if (c->in.len)
        record_in_part(c, c->in.data, c->in.len);
    if (conn_pending(c))
        record_out(c, c->out.data + c->out_sent, conn_pending(c));
    if (c->overflow)
        record_overflow(c);
}

static void dump(void)
{
    for (int q = 0; q < QUOTA_COUNT; q++)
        record_quota(quota_name(q), quota_limit(q));
    for (unsigned domid = 0; domid < WIRE_DOMID_END; domid++) {
        if (perms_life(domid) && begin(REC_LIFE, domid)) {
            put32(perms_life(domid));
            end();
        }
    }
    tree_walk(tree_find("/"), dump_node, NULL);
    dump_node(tree_find(TREE_INTRODUCE), NULL);
    dump_node(tree_find(TREE_RELEASE), NULL);
    domains_each(dump_domain);
}

void record_rewrite(void)
{
    journal_rewrite(dump);
}

/* -- Reading: the fields in the order they were put; `bad` once one is missing. -- */

struct reader {
    const char *p, *end;
    bool bad;
};

static void get(struct reader *r, void *out, size_t len)
{
    if ((size_t)(r->end - r->p) < len) {
        r->bad = true;
        memset(out, 0, len);
        return;
    }
    memcpy(out, r->p, len);
    r->p += len;
}

static uint32_t get32(struct reader *r)
{
    uint32_t v;

    get(r, &v, sizeof(v));
    return v;
}

static uint64_t get64(struct reader *r)
{
    uint64_t v;

    get(r, &v, sizeof(v));
    return v;
}

static const char *get_bytes(struct reader *r, uint32_t *len)
{
    const char *p;

    *len = get32(r);
    if (r->bad || (size_t)(r->end - r->p) < *len) {
        r->bad = true;
        *len = 0;
        return "";
    }
    p = r->p;
    r->p += *len;
    return p;
}

/* A string into one of the buffers a record needs at most two of. */
static const char *get_string(struct reader *r, unsigned which)
{
    static char text[2][XENSTORE_PAYLOAD_MAX + 1];
    uint32_t len;
    const char *p = get_bytes(r, &len);

    if (len > XENSTORE_PAYLOAD_MAX) {
        r->bad = true;
        len = 0;
    }
    memcpy(text[which], p, len);
    text[which][len] = '\0';
    return text[which];
}

static struct perms *get_perms(struct reader *r)
{
    uint32_t len;
    const char *p = get_bytes(r, &len);
    struct perms *perms = perms_new(len / sizeof(perms->entry[0]));

    memcpy(perms->entry, p, perms->count * sizeof(perms->entry[0]));
    r->bad |= !perms->count;
    return perms;
}

static void load_node(struct reader *r)
{
    const char *path = get_string(r, 0), *value;
    uint32_t len;
    struct perms *perms;
    struct node *n;

    value = get_bytes(r, &len);
    perms = get_perms(r);
    if (!r->bad) {
        n = tree_make(path, 0);
        tree_write(n, value, len, 0);
        tree_set_perms(n, perms, 0);
    }
    perms_put(perms);
}

static void load_change(struct reader *r, enum record_type type, uint16_t creator)
{
    struct change c = { .creator = creator, .path = get_string(r, 0) };

    switch (type) {
    case REC_WRITE:
        c.type = CHANGE_WRITE;
        c.value = get_bytes(r, &c.len);
        break;
    case REC_MKDIR:
        c.type = CHANGE_MKDIR;
        break;
    case REC_RM:
        c.type = CHANGE_RM;
        break;
    default:
        c.type = CHANGE_PERMS;
        c.perms = get_perms(r);
        break;
    }
    if (!r->bad)
        change_apply(&c);
    perms_put(c.perms);
}

static void load_ring(struct reader *r, enum record_type type, struct conn *c)
{
    const char *data;
    uint32_t len;

    switch (type) {
    case REC_RING:
        c->ring.in_pos = get32(r);
        c->ring.out_pos = get32(r);
        buf_free(&c->in);
        buf_free(&c->out);
        break;
    case REC_RING_IN:
        c->ring.in_pos = get32(r);
        buf_free(&c->in);
        break;
    case REC_RING_PART:
        c->ring.in_pos = get32(r);
        data = get_bytes(r, &len);
        buf_add(&c->in, data, len);
        break;
    default:
        data = get_bytes(r, &len);
        buf_add(&c->out, data, len);
        break;
    }
}

static void load_conn(struct reader *r, enum record_type type, struct conn *c)
{
    const char *path;
    struct txn *t;
    uint32_t n;

    switch (type) {
    case REC_WATCH:
        path = get_string(r, 0);
        n = get32(r);
        watch_add(c, path, n, get_string(r, 1));
        break;
    case REC_UNWATCH:
        path = get_string(r, 0);
        watch_remove(c, path, get_string(r, 1));
        break;
    case REC_TXN:
        n = get32(r);
        t = txn_find(c, n);
        if (get32(r))
            txn_restore(c, n);
        else if (t)
            txn_end(t, false);
        break;
    case REC_RESET:
        watch_remove_all(c);
        txn_drop_all(c);
        c->overflow = false;
        break;
    case REC_OVERFLOW:
        c->overflow = get32(r);
        break;
    default:
        load_ring(r, type, c);
        break;
    }
}

static void load_domain(struct reader *r, enum record_type type, uint16_t domid)
{
    struct domain *d = domains_find(domid);
    uint64_t gfn;

    switch (type) {
    case REC_LIFE:
        perms_set_life(domid, get32(r));
        break;
    case REC_INTRODUCE:
        gfn = get64(r);
        domains_restore(domid, gfn, get32(r));
        break;
    case REC_RELEASE:
        domains_release(domid);
        break;
    case REC_REPORTED:
        if (d)
            d->reported = get32(r);
        break;
    case REC_TARGET:
        domains_set_target(domid, get32(r));
        break;
    default:
        if (d && d->conn)
            load_conn(r, type, d->conn);
        break;
    }
}

static void load(const char *record, size_t len)
{
    struct reader r = { .p = record, .end = record + len };
    const char *name;
    uint16_t domid;
    char type;

    get(&r, &type, 1);
    domid = get32(&r);
    switch (type) {
    case REC_NODE:
        load_node(&r);
        break;
    case REC_WRITE:
    case REC_MKDIR:
    case REC_RM:
    case REC_PERMS:
        load_change(&r, type, domid);
        break;
    case REC_QUOTA:
        name = get_string(&r, 0);
        quota_set(name, get64(&r));
        break;
    default:
        load_domain(&r, type, domid);
        break;
    }
    if (r.bad)
        note(LOG_ERR, "the journal has a malformed record of type '%c'", type);
}

bool record_load(void)
{
    bool found;

    loading = true;
    found = journal_load(load);
    loading = false;
    return found;
}

bool record_loading(void)
{
    return loading;
}
