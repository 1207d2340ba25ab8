/* SPDX-License-Identifier: MIT */
/*
 * The guests whose consoles are served, from their introduction until their last byte is read.
 *
 * What a guest writes is copied out of its ring once, appended to its log file, queued for its
 * terminal, and only then is the guest given the room. So a daemon that is killed loses nothing:
 * the new one maps the ring again and goes on at the ring's own index; at most the last 2 KiB come
 * twice. Before a guest is served the ring itself keeps its first bytes. After a guest's death its
 * page stays ours for as long as we have it mapped, so its last words are read before it is let go.
 *
 * A guest may write as fast as it likes but is read at a bounded rate: each byte and each event
 * costs tokens, and a guest that has none left is neither read nor unmasked until it has earned
 * some. It waits for room in its ring meanwhile, nothing is lost.
 */
#include "console/guests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "console/hvlog.h"
#include "console/logfile.h"
#include "console/pty.h"
#include "console/ring.h"
#include "console/session.h"
#include "daemon/list.h"
#include "daemon/mem.h"
#include "daemon/process.h"
#include "daemon/xenif.h"

/* Grant of a guest's console page (GNTTAB_RESERVED_CONSOLE in the public grant_table.h). */
#define CONSOLE_GREF 0u

/* Domain ids from here on have special meanings (DOMID_FIRST_RESERVED in the public xen.h). */
#define DOMID_END 0x7ff0u

/* Tokens a guest earns per millisecond, can save, and pays for an event; a byte costs one. */
#define EARN 256
#define SAVE (512 * 1024)
#define EVENT_COST 64
/* A guest that ran out sleeps until it has this many. */
#define ENOUGH (16 * 1024)

/* What is kept for a terminal nobody reads, unless the store says less (console/limit). */
#define TERMINAL_BACKLOG (128 * 1024)

/* How long the terminal of a dead guest waits for its reader to read on. */
#define LINGER_MS 5000
#define LINGER_STEP_MS 50

struct guest {
    struct list timed;          /* has a deadline */
    uint64_t deadline;          /* of being held, or of looking after a dead guest's terminal */
    uint64_t dead_at;           /* 0: alive */
    uint16_t domid;
    bool watched;               /* its store entries, until it is attached */
    bool masked;                /* its event channel */
    bool odd;                   /* it was said that its indices make no sense */
    int64_t tokens;
    uint64_t earned_at;
    struct ring ring;
    struct pty pty;
    struct logfile log;
};

static struct guest *guests[DOMID_END];
static unsigned guests_end;     /* none was ever known from here on */
static struct guest **by_port;
static size_t nports;
static struct list timed = { &timed, &timed };
static struct loop_fd events;

static void set_deadline(struct guest *g, uint64_t when)
{
    g->deadline = when;
    if (list_empty(&g->timed))
        list_append(&timed, &g->timed);
}

static void remember_port(int port, struct guest *g)
{
    if ((size_t)port >= nports) {
        size_t n = port + 64;

        by_port = mem_resize(by_port, n * sizeof(*by_port));
        memset(by_port + nports, 0, (n - nports) * sizeof(*by_port));
        nports = n;
    }
    by_port[port] = g;
}

/* Bring what was typed to the guest, as far as its ring has room. */
static void feed(struct guest *g)
{
    char data[sizeof(((struct xencons_interface *)0)->in)];
    uint32_t room = g->ring.page ? ring_room(&g->ring) : 0;
    size_t n;

    if (room > sizeof(data))
        room = sizeof(data);
    n = room ? pty_read(&g->pty, data, room) : 0;
    if (n) {
        ring_write(&g->ring, data, n);
        xenif_notify(g->ring.port);
    }
    pty_want_input(&g->pty, g->ring.page && ring_room(&g->ring));
}

static void on_terminal(struct loop_fd *io, uint32_t bits)
{
    struct guest *g = container_of(io, struct guest, pty.io);

    if (bits & EPOLLOUT)
        pty_flush(&g->pty);
    if (bits & EPOLLIN)
        feed(g);
}

/* Read what the ring holds. Returns the number of bytes. */
static int drain(struct guest *g)
{
    char data[RING_OUT_SIZE];
    int n = ring_read(&g->ring, data);

    if (n < 0 && !g->odd) {
        note(LOG_WARNING, "domain %u: impossible index in its console ring; skipping", g->domid);
        g->odd = true;
    }
    if (n <= 0)
        return 0;
    logfile_write(&g->log, data, n);
    pty_write(&g->pty, data, n);
    ring_consumed(&g->ring, n);
    return n;
}

static void serve(struct guest *g)
{
    uint64_t now = loop_now();
    int n;

    if (!g->ring.page || g->deadline > now)
        return;
    g->tokens += (int64_t)(now - g->earned_at) * EARN;
    if (g->tokens > SAVE)
        g->tokens = SAVE;
    g->earned_at = now;

    n = drain(g);
    if (n)
        xenif_notify(g->ring.port);
    pty_want_input(&g->pty, ring_room(&g->ring));
    g->tokens -= n + EVENT_COST;
    if (g->tokens < 0) {
        set_deadline(g, now + (ENOUGH - g->tokens) / EARN);
        return;
    }
    if (g->masked) {
        g->masked = false;
        xenif_unmask(g->ring.port);
    }
}

static void on_event(struct loop_fd *self, uint32_t bits)
{
    int port;

    (void)self;
    (void)bits;
    while ((port = xenif_next_event()) >= 0) {
        if (port == hvlog_port()) {
            hvlog_event();
        } else if ((size_t)port < nports && by_port[port]) {
            by_port[port]->masked = true;
            serve(by_port[port]);
        }
    }
}

int guests_start(void)
{
    events.fd = xenif_event_fd();
    events.ready = on_event;
    return loop_add(&events, EPOLLIN);
}

/* A number that the store holds for a guest. Returns false if there is none. */
static bool read_number(uint16_t domid, const char *entry, uint64_t *out)
{
    char *text = session_read(domid, entry), *end;
    bool ok;

    if (!text)
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    ok = *text >= '0' && *text <= '9' && !*end && !errno;
    free(text);
    return ok;
}

/* Whether another program serves this console. */
static bool not_ours(uint16_t domid)
{
    char *type = session_read(domid, "console/type");
    bool other = type && *type && strcmp(type, "xenconsoled");

    free(type);
    return other;
}

static bool map_ring(struct guest *g, uint64_t gfn, uint32_t remote_port)
{
    g->ring.page = xenif_map(g->domid, CONSOLE_GREF, gfn);
    if (!g->ring.page) {
        note(LOG_WARNING, "domain %u: cannot map its console: %s", g->domid, strerror(errno));
        return false;
    }
    g->ring.port = xenif_bind(g->domid, remote_port);
    if (g->ring.port < 0) {
        note(LOG_WARNING, "domain %u: cannot bind its console's event channel: %s", g->domid,
             strerror(-g->ring.port));
        xenif_unmap(g->ring.page);
        g->ring.page = NULL;
        return false;
    }
    remember_port(g->ring.port, g);
    ring_adopt(&g->ring);
    return true;
}

static void open_log(struct guest *g)
{
    char fallback[32], *name = session_read(g->domid, "name");

    snprintf(fallback, sizeof(fallback), "domain-%u", g->domid);
    logfile_open(&g->log, "guest-", name && *name ? name : fallback);
    free(name);
}

/* Serve a guest whose store entries are complete. */
static void attach(struct guest *g)
{
    uint64_t gfn, port, limit = TERMINAL_BACKLOG, said;
    int err;

    if (not_ours(g->domid) || !read_number(g->domid, "console/ring-ref", &gfn) ||
        !read_number(g->domid, "console/port", &port) || port > UINT32_MAX ||
        !map_ring(g, gfn, port))
        return;
    if (read_number(g->domid, "console/limit", &said) && said < limit)
        limit = said;
    open_log(g);
    g->pty.io.ready = on_terminal;
    err = pty_open(&g->pty, limit);
    if (err)
        note(LOG_ERR, "domain %u: no terminal for its console: %s", g->domid, strerror(-err));
    else
        session_write(g->domid, "console/tty", g->pty.name);
    session_unwatch(g->domid);
    g->watched = false;
    g->tokens = SAVE;
    g->earned_at = loop_now();
    serve(g);
    /* It may have filled the ring, and waited, while nobody was bound. */
    xenif_notify(g->ring.port);
}

static void new_guest(uint16_t domid)
{
    struct guest *g = mem_alloc(sizeof(*g));

    g->domid = domid;
    g->pty.io.fd = -1;
    g->log.fd = -1;
    list_init(&g->timed);
    guests[domid] = g;
    if (domid >= guests_end)
        guests_end = domid + 1u;
    g->watched = true;
    session_watch(domid);
}

static void free_guest(struct guest *g)
{
    list_remove(&g->timed);
    pty_close(&g->pty);
    free(g);
}

/* A guest is dying or gone: take its last words, let its memory go, keep the terminal a little. */
static void end_guest(struct guest *g)
{
    guests[g->domid] = NULL;
    if (g->watched)
        session_unwatch(g->domid);
    if (g->ring.page) {
        drain(g);
        by_port[g->ring.port] = NULL;
        xenif_unbind(g->ring.port);
        xenif_unmap(g->ring.page);
        g->ring.page = NULL;
    }
    logfile_close(&g->log);
    if (g->pty.io.fd < 0) {
        free_guest(g);
        return;
    }
    pty_want_input(&g->pty, false);
    g->dead_at = loop_now();
    set_deadline(g, g->dead_at + LINGER_STEP_MS);
}

void guests_changed(uint16_t domid)
{
    struct guest *g = domid < DOMID_END ? guests[domid] : NULL;

    if (g && !g->ring.page)
        attach(g);
}

void guests_rewatch(void)
{
    for (unsigned i = 0; i < guests_end; i++)
        if (guests[i] && guests[i]->watched)
            session_watch(i);
}

/* Those we know that lie in [from, to) are not on the hypervisor's list. */
static void end_between(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to && i < guests_end; i++)
        if (guests[i])
            end_guest(guests[i]);
}

void guests_scan(void)
{
    static struct xenif_domain list[256];
    unsigned next = 1, max = sizeof(list) / sizeof(list[0]);
    int n;

    do {
        n = xenif_domains(next, list, max);
        if (n < 0) {
            note(LOG_ERR, "cannot list domains: %s", strerror(-n));
            return;
        }
        for (int i = 0; i < n && list[i].domid < DOMID_END; i++) {
            unsigned domid = list[i].domid;

            end_between(next, domid);
            next = domid + 1;
            if (list[i].dying && guests[domid])
                end_guest(guests[domid]);
            else if (!list[i].dying && !guests[domid])
                new_guest(domid);
            else if (guests[domid])
                serve(guests[domid]);
        }
    } while (n == (int)max);
    end_between(next, DOMID_END);
}

void guests_tick(void)
{
    uint64_t now = loop_now();
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &timed) {
        struct guest *g = container_of(pos, struct guest, timed);

        if (g->deadline > now)
            continue;
        if (!g->dead_at) {
            list_remove(&g->timed);
            serve(g);
        } else if (pty_drained(&g->pty) || now - g->dead_at >= LINGER_MS) {
            free_guest(g);
        } else {
            g->deadline = now + LINGER_STEP_MS;
        }
    }
}

int guests_timeout(void)
{
    uint64_t now = loop_now(), first = UINT64_MAX;
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &timed) {
        struct guest *g = container_of(pos, struct guest, timed);

        if (g->deadline < first)
            first = g->deadline;
    }
    if (first == UINT64_MAX)
        return -1;
    return first > now ? (int)(first - now) : 0;
}
