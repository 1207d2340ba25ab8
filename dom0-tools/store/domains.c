/* SPDX-License-Identifier: MIT */
/*
 * The domains that were introduced to the store, from introduction to death.
 *
 * After the daemon's own death the kernel has closed its event channels and unmapped the guests'
 * pages. Closing one end of an interdomain channel leaves the other end unbound and reserved for
 * the same peer (public event_channel.h, EVTCHNOP_close), so the port number the guest introduced
 * itself with can be bound again. Events sent in between are lost; therefore every ring is looked
 * at, and every guest notified, once after reconnecting.
 */
#include "store/domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "daemon/mem.h"
#include "daemon/process.h"
#include "daemon/xenif.h"
#include "store/conn.h"
#include "store/record.h"
#include "store/tree.h"
#include "store/txn.h"
#include "store/watch.h"

/* Grant of a guest's store page (GNTTAB_RESERVED_XENSTORE in the public grant_table.h). */
#define STORE_GREF 1u

static struct domain *domains[WIRE_DOMID_END];
static unsigned domains_end;    /* none was ever known from here on */
static struct domain **by_port;
static size_t nports;
static struct loop_fd events;
static int domain_event_port = -1;
static bool present;

struct domain *domains_find(uint16_t domid)
{
    return domid < WIRE_DOMID_END ? domains[domid] : NULL;
}

struct conn *domains_conn(uint16_t domid)
{
    struct domain *d = domains_find(domid);

    return d ? d->conn : NULL;
}

bool domains_present(void)
{
    return present;
}

void domains_each(void (*each)(struct domain *d))
{
    for (unsigned i = 0; i < domains_end; i++)
        if (domains[i])
            each(domains[i]);
}

static void remember_port(int port, struct domain *d)
{
    if ((size_t)port >= nports) {
        size_t n = port + 64;

        by_port = mem_resize(by_port, n * sizeof(*by_port));
        memset(by_port + nports, 0, (n - nports) * sizeof(*by_port));
        nports = n;
    }
    by_port[port] = d;
}

/* Announce something about domains in general to those who may know. */
static void announce(const char *name)
{
    struct node *n = tree_find(name);

    watch_fire(name, n->perms, n->perms);
}

static void detach(struct ring *ring)
{
    if (ring->port >= 0) {
        by_port[ring->port] = NULL;
        xenif_unbind(ring->port);
        ring->port = -1;
    }
    if (ring->page) {
        xenif_unmap(ring->page);
        ring->page = NULL;
    }
}

/* Fill in page and port of a domain's ring. Returns 0 or a negative errno. */
static int attach(struct domain *d, struct ring *ring)
{
    ring->port = -1;
    ring->page = NULL;
    if (d->domid == 0) {
        void *page;
        int err = xenif_map_own_store(&page, &d->remote_port);

        if (err)
            return err;
        ring->page = page;
    } else {
        ring->page = xenif_map(d->domid, STORE_GREF, d->gfn);
        if (!ring->page)
            return errno ? -errno : -EINVAL;
    }
    ring->port = xenif_bind(d->domid, d->remote_port);
    if (ring->port < 0) {
        int err = ring->port;

        detach(ring);
        return err;
    }
    remember_port(ring->port, d);
    return 0;
}

static struct domain *new_domain(uint16_t domid, uint64_t gfn, uint32_t remote_port)
{
    struct domain *d = mem_alloc(sizeof(*d));

    d->domid = domid;
    d->target = NO_DOMAIN;
    d->gfn = gfn;
    d->remote_port = remote_port;
    domains[domid] = d;
    if (domid >= domains_end)
        domains_end = domid + 1u;
    return d;
}

static void free_domain(struct domain *d)
{
    if (d->conn) {
        detach(&d->conn->ring);
        conn_close(d->conn);
    }
    domains[d->domid] = NULL;
    free(d);
}

/* A guest must be told once that somebody listens, and looked at once for what it sent before. */
static void greet(struct domain *d)
{
    ring_announce(&d->conn->ring);
    conn_wake(d->conn);
    xenif_notify(d->conn->ring.port);
}

int domains_introduce(uint16_t domid, uint64_t gfn, uint32_t remote_port)
{
    struct domain *d = domains_find(domid), *old = d;
    struct ring ring;
    int err;

    if (old) {
        /* The guest's port is taken by our own old channel until that is closed. */
        detach(&old->conn->ring);
        conn_close(old->conn);
        old->conn = NULL;
        old->gfn = gfn;
        old->remote_port = remote_port;
    } else {
        d = new_domain(domid, gfn, remote_port);
    }
    err = attach(d, &ring);
    if (err) {
        if (!old || domains_release(domid))
            free_domain(d);
        return err;
    }
    ring_adopt(&ring);
    d->conn = conn_open_ring(domid, &ring);
    d->conn->who.target = d->target;
    d->reported = false;
    record_introduce(d);
    record_ring(d->conn);
    greet(d);
    if (domid)
        announce(TREE_INTRODUCE);
    return 0;
}

int domains_release(uint16_t domid)
{
    struct domain *d = domains_find(domid);

    if (!d || domid == 0)
        return -ENOENT;
    record_release(domid);
    free_domain(d);
    tree_disown(domid);
    perms_set_life(domid, perms_life(domid) + 1);
    if (!record_loading())
        announce(TREE_RELEASE);
    return 0;
}

int domains_resume(uint16_t domid)
{
    struct domain *d = domains_find(domid);

    if (!d)
        return -ENOENT;
    d->reported = false;
    record_reported(d);
    return 0;
}

int domains_set_target(uint16_t domid, uint16_t target)
{
    struct domain *d = domains_find(domid);

    if (!d || domid == 0)
        return -ENOENT;
    d->target = target;
    if (d->conn)
        d->conn->who.target = target;
    record_target(d);
    return 0;
}

/*
 * Compare one introduced domain with what the hypervisor says (NULL: gone). True if that is news.
 */
static bool update(struct domain *d, const struct xenif_domain *x)
{
    if (d->domid == 0)
        return false;
    if (!x || x->dying) {
        domains_release(d->domid);
        return false;       /* announced by the release */
    }
    if (!x->shutdown || d->reported)
        return false;
    d->reported = true;
    record_reported(d);
    return true;
}

void domains_scan(void)
{
    static struct xenif_domain list[256];
    bool news = false;
    unsigned next = 0;

    if (!present)
        return;
    while (next < WIRE_DOMID_END) {
        int n = xenif_domains(next, list, sizeof(list) / sizeof(list[0]));

        if (n < 0) {
            note(LOG_ERR, "cannot list domains: %s", strerror(-n));
            return;
        }
        for (int i = 0; i < n; i++) {
            for (; next < list[i].domid && next < domains_end; next++)
                if (domains[next])
                    news |= update(domains[next], NULL);
            next = list[i].domid;
            if (next < domains_end && domains[next])
                news |= update(domains[next], &list[i]);
            next++;
        }
        if (n < (int)(sizeof(list) / sizeof(list[0])))
            break;
    }
    for (; next < domains_end; next++)
        if (domains[next])
            news |= update(domains[next], NULL);
    if (news)
        announce(TREE_RELEASE);
}

/*
 * A guest's port stays masked until its ring is looked at, so a guest cannot make us busy by events
 * alone, least of all while its connection is held.
 */
static void on_event(struct loop_fd *self, uint32_t bits)
{
    bool scan = false;
    int port;

    (void)self;
    (void)bits;
    while ((port = xenif_next_event()) >= 0) {
        if (port == domain_event_port) {
            xenif_unmask(port);
            scan = true;
        } else if ((size_t)port < nports && by_port[port] && by_port[port]->conn) {
            by_port[port]->conn->masked = true;
            conn_wake(by_port[port]->conn);
        }
    }
    if (scan)
        domains_scan();
}

int domains_start(void)
{
    int err = xenif_open();

    if (err)
        return err;
    events.fd = xenif_event_fd();
    events.ready = on_event;
    err = loop_add(&events, EPOLLIN);
    if (err)
        return err;
    domain_event_port = xenif_bind_domain_event();
    if (domain_event_port < 0)
        return domain_event_port;
    present = true;
    return 0;
}

void domains_restore(uint16_t domid, uint64_t gfn, uint32_t remote_port)
{
    struct ring ring = { .port = -1 };
    struct domain *d = domains_find(domid);

    if (d)
        free_domain(d);
    d = new_domain(domid, gfn, remote_port);
    d->conn = conn_open_ring(domid, &ring);
}

static void reconnect_one(struct domain *d)
{
    struct ring ring;
    struct conn *c = d->conn;
    uint32_t unsent = conn_pending(c), placed;
    int err = attach(d, &ring);

    if (err) {
        note(LOG_NOTICE, "domain %u: cannot reconnect: %s", d->domid, strerror(-err));
        if (d->domid)
            domains_release(d->domid);
        return;
    }
    c->ring.page = ring.page;
    c->ring.port = ring.port;
    /* See record.c: of the output in the journal, the former run had placed this much. */
    placed = __atomic_load_n(&ring.page->rsp_prod, __ATOMIC_ACQUIRE) - c->ring.out_pos;
    if (placed > unsent) {
        note(LOG_WARNING, "domain %u: its ring's output index makes no sense", d->domid);
        c->faulted = true;
        ring_set_error(&c->ring, XENSTORE_ERROR_RINGIDX);
    } else {
        c->out_sent += placed;
        c->ring.out_pos += placed;
        ring_publish_in(&c->ring);
    }
    greet(d);
}

void domains_reconnect(void)
{
    if (!present)
        return;
    domains_each(reconnect_one);
    if (!domains_find(0)) {
        int err = domains_introduce(0, 0, 0);

        if (err)
            die("cannot take over dom0's own store ring: %s", strerror(-err));
    }
    domains_scan();
}
