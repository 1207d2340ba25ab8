/* SPDX-License-Identifier: MIT */
/* Event channels: the port table, binding, closing and sending. */
#include "core/evtchn.h"

#include "core/access.h"
#include "core/evtchn_port.h"
#include "core/pirq.h"
#include "core/virq.h"
#include "hw/console.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/kmalloc.h"

/* How many ports reset and relinquish close before they look whether to go on. */
#define CLOSE_BATCH 128
/* A guest can open 131,071; a serial line would be busy with them for minutes, the table locked. */
#define DUMPED_PORTS 256

int evtchn_domain_init(struct domain *d, unsigned max_port)
{
    struct evtchn_domain *ed = kzalloc(sizeof(*ed));

    if (ed == NULL)
        return -ENOMEM;
    spin_lock_init(&ed->lock, LOCK_EVTCHN_DOMAIN);
    ed->abi = &evtchn_2l;
    ed->max_port = max_port != 0 ? max_port : EVTCHN_FIFO_NR_CHANNELS - 1;
    ed->free_hint = 1; /* port 0 is never given out: guests use it as "none" */
    d->evtchn = ed;
    return 0;
}

void evtchn_domain_destroy(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;

    if (ed == NULL)
        return;
    for (unsigned i = 0; i < EVTCHN_PAGES && ed->page[i] != NULL; i++)
        hv_free_pages(ed->page[i], 0);
    kfree(ed);
    d->evtchn = NULL;
}

/* One more page of ports. Lock held. */
static int grow(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;
    struct evtchn *page = hv_alloc_pages(0);

    if (page == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < EVTCHNS_PER_PAGE; i++) {
        spin_lock_init(&page[i].lock, LOCK_EVTCHN_PORT);
        page[i].port = ed->valid + i;
        page[i].priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        page[i].fifo_queue = FIFO_QUEUE(0, EVTCHN_FIFO_PRIORITY_DEFAULT);
    }
    ed->page[ed->valid / EVTCHNS_PER_PAGE] = page;
    __atomic_store_n(&ed->valid, ed->valid + EVTCHNS_PER_PAGE, __ATOMIC_RELEASE);
    return 0;
}

int evtchn_get_free(struct domain *d, struct evtchn **out)
{
    struct evtchn_domain *ed = d->evtchn;

    if (d->state != DOM_ALIVE)
        return -ESRCH;
    for (uint32_t port = ed->free_hint;; port++) {
        /* Full pages are passed over: a domain may have 1,542 of them. */
        while (port < ed->valid && ed->used[port / EVTCHNS_PER_PAGE] == EVTCHNS_PER_PAGE)
            port += EVTCHNS_PER_PAGE - port % EVTCHNS_PER_PAGE;
        if (port > ed->max_port || port >= ed->abi->max_ports(d))
            return -ENOSPC;
        if (port >= ed->valid) {
            int err = grow(d);

            if (err != 0)
                return err;
        }
        *out = evtchn_find(d, port);
        if ((*out)->state == EVTCHN_FREE) {
            ed->free_hint = port + 1;
            ed->used[port / EVTCHNS_PER_PAGE]++;
            ed->open++;
            return port;
        }
    }
}

void evtchn_free(struct domain *d, struct evtchn *e)
{
    d->evtchn->abi->clear_pending(d, e);
    e->remote = NULL;
    e->vcpu = 0;
    e->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    __atomic_store_n(&e->state, EVTCHN_FREE, __ATOMIC_RELEASE);
    d->evtchn->used[e->port / EVTCHNS_PER_PAGE]--;
    d->evtchn->open--;
    if (e->port < d->evtchn->free_hint)
        d->evtchn->free_hint = e->port;
}

int evtchn_alloc_unbound(struct evtchn_alloc_unbound *op)
{
    struct domain *d = domain_lookup(op->dom), *self = current->domain;
    struct evtchn *e;
    int port;

    if (d == NULL)
        return -ESRCH;
    if (!access_act_as(self, d))
        return -EPERM;
    spin_lock(&d->evtchn->lock);
    port = evtchn_get_free(d, &e);
    if (port > 0) {
        spin_lock(&e->lock);
        e->remote_domid = op->remote_dom == DOMID_SELF ? self->domid : op->remote_dom;
        e->state = EVTCHN_UNBOUND;
        spin_unlock(&e->lock);
    }
    spin_unlock(&d->evtchn->lock);
    if (port < 0)
        return port;
    op->port = port;
    return 0;
}

/* Locks both domains' tables in address order; a domain may connect to itself. */
static void lock_tables(struct domain *a, struct domain *b)
{
    spin_lock_pair(&a->evtchn->lock, &b->evtchn->lock);
}

static void unlock_tables(struct domain *a, struct domain *b)
{
    spin_unlock_pair(&a->evtchn->lock, &b->evtchn->lock);
}

int evtchn_bind_interdomain(struct evtchn_bind_interdomain *op)
{
    struct domain *l = current->domain, *r = domain_lookup(op->remote_dom);
    struct evtchn *le, *re;
    int port;

    if (r == NULL)
        return -ESRCH;
    lock_tables(l, r);
    re = evtchn_find(r, op->remote_port);
    if (re == NULL || re->state != EVTCHN_UNBOUND || re->remote_domid != l->domid ||
        r->state != DOM_ALIVE)
        port = -EINVAL;
    else
        port = evtchn_get_free(l, &le);
    if (port > 0) {
        spin_lock_pair(&le->lock, &re->lock);
        le->remote = r;
        le->remote_port = re->port;
        le->remote_domid = r->domid;
        re->remote = l;
        re->remote_port = le->port;
        le->state = re->state = EVTCHN_INTERDOMAIN;
        /* Events that the peer sent before we were here would be lost: assume there was one. */
        evtchn_raise(l, le);
        spin_unlock_pair(&le->lock, &re->lock);
    }
    unlock_tables(l, r);
    if (port < 0)
        return port;
    op->local_port = port;
    return 0;
}

int evtchn_bind_ipi(struct evtchn_bind_ipi *op)
{
    struct domain *d = current->domain;
    struct evtchn *e;
    int port;

    if (op->vcpu >= d->max_vcpus || d->vcpu[op->vcpu] == NULL)
        return -ENOENT;
    spin_lock(&d->evtchn->lock);
    port = evtchn_get_free(d, &e);
    if (port > 0) {
        spin_lock(&e->lock);
        e->vcpu = op->vcpu;
        e->state = EVTCHN_IPI;
        spin_unlock(&e->lock);
    }
    spin_unlock(&d->evtchn->lock);
    if (port < 0)
        return port;
    op->port = port;
    return 0;
}

int evtchn_bind_pirq(struct evtchn_bind_pirq *op)
{
    struct domain *d = current->domain;
    struct evtchn *e;
    int port;

    if (d->pirq == NULL)
        return -EPERM;
    spin_lock(&d->evtchn->lock);
    port = evtchn_get_free(d, &e);
    if (port > 0) {
        /* The port must be complete before the first interrupt can arrive. */
        spin_lock(&e->lock);
        e->irq = op->pirq;
        e->vcpu = 0;
        e->state = EVTCHN_PIRQ;
        spin_unlock(&e->lock);
        int err = pirq_bind(d, op->pirq, port, op->flags & BIND_PIRQ__WILL_SHARE);

        if (err != 0) {
            spin_lock(&e->lock);
            evtchn_free(d, e);
            spin_unlock(&e->lock);
            port = err;
        }
    }
    spin_unlock(&d->evtchn->lock);
    if (port < 0)
        return port;
    op->port = port;
    return 0;
}

/* Makes both ends of a channel fall apart: ours free, the peer's unbound for us. Tables locked. */
static void close_interdomain(struct domain *d, struct evtchn *e)
{
    struct domain *r = e->remote;
    struct evtchn *re = evtchn_find(r, e->remote_port);

    BUG_ON(re == NULL || re->state != EVTCHN_INTERDOMAIN || re->remote != d);
    if (re == e) {
        spin_lock(&e->lock);
        evtchn_free(d, e);
        spin_unlock(&e->lock);
        return;
    }
    spin_lock_pair(&e->lock, &re->lock);
    re->state = EVTCHN_UNBOUND;
    re->remote_domid = d->domid;
    re->remote = NULL;
    evtchn_free(d, e);
    spin_unlock_pair(&e->lock, &re->lock);
}

static void close_local(struct domain *d, struct evtchn *e)
{
    if (e->state == EVTCHN_PIRQ)
        pirq_unbind(d, e->irq);
    else if (e->state == EVTCHN_VIRQ)
        virq_unbind(d, e);
    spin_lock(&e->lock);
    evtchn_free(d, e);
    spin_unlock(&e->lock);
}

int evtchn_close(struct domain *d, uint32_t port)
{
    struct evtchn *e = evtchn_find(d, port);

    if (e == NULL)
        return -EINVAL;
    for (;;) {
        struct domain *r = NULL;

        /* The peer is only known under our lock, and its lock may have to be taken first. */
        spin_lock(&d->evtchn->lock);
        if (e->state == EVTCHN_FREE) {
            spin_unlock(&d->evtchn->lock);
            return -EINVAL;
        }
        if (e->state != EVTCHN_INTERDOMAIN) {
            close_local(d, e);
            spin_unlock(&d->evtchn->lock);
            return 0;
        }
        r = e->remote;
        spin_unlock(&d->evtchn->lock);

        /* r stays good without a reference: this CPU passes no quiescent point meanwhile. */
        lock_tables(d, r);
        if (e->state == EVTCHN_INTERDOMAIN && e->remote == r) {
            close_interdomain(d, e);
            unlock_tables(d, r);
            return 0;
        }
        unlock_tables(d, r);
    }
}

int evtchn_send(struct domain *d, uint32_t port)
{
    struct evtchn *e = evtchn_find(d, port);
    int err = 0;

    if (e == NULL)
        return -EINVAL;
    spin_lock(&e->lock);
    switch (e->state) {
    case EVTCHN_INTERDOMAIN:
        evtchn_raise(e->remote, evtchn_find(e->remote, e->remote_port));
        break;
    case EVTCHN_IPI:
        evtchn_raise(d, e);
        break;
    case EVTCHN_UNBOUND:
        break;
    default:
        err = -EINVAL;
    }
    spin_unlock(&e->lock);
    return err;
}

int evtchn_send_pirq(struct domain *d, uint32_t port)
{
    struct evtchn *e = evtchn_find(d, port);

    if (e == NULL || e->state != EVTCHN_PIRQ)
        return -EINVAL;
    evtchn_raise(d, e);
    return d->vcpu[e->vcpu]->cpu;
}

int evtchn_status(struct evtchn_status *op)
{
    struct domain *d = domain_lookup(op->dom);
    struct evtchn *e;

    if (d == NULL)
        return -ESRCH;
    if (!access_act_as(current->domain, d))
        return -EPERM;
    e = evtchn_find(d, op->port);
    if (e == NULL)
        return -EINVAL;
    spin_lock(&e->lock);
    op->vcpu = e->vcpu;
    switch (e->state) {
    case EVTCHN_FREE:
        op->status = EVTCHNSTAT_closed;
        break;
    case EVTCHN_UNBOUND:
        op->status = EVTCHNSTAT_unbound;
        op->u.unbound.dom = e->remote_domid;
        break;
    case EVTCHN_INTERDOMAIN:
        op->status = EVTCHNSTAT_interdomain;
        op->u.interdomain.dom = e->remote->domid;
        op->u.interdomain.port = e->remote_port;
        break;
    case EVTCHN_PIRQ:
        op->status = EVTCHNSTAT_pirq;
        op->u.pirq = e->irq;
        break;
    case EVTCHN_VIRQ:
        op->status = EVTCHNSTAT_virq;
        op->u.virq = e->irq;
        break;
    case EVTCHN_IPI:
        op->status = EVTCHNSTAT_ipi;
        break;
    }
    spin_unlock(&e->lock);
    return 0;
}

int evtchn_bind_vcpu(uint32_t port, uint32_t vcpu_id)
{
    struct domain *d = current->domain;
    struct evtchn *e = evtchn_find(d, port);
    int err = 0;

    if (vcpu_id >= d->max_vcpus || d->vcpu[vcpu_id] == NULL)
        return -ENOENT;
    if (e == NULL)
        return -EINVAL;
    spin_lock(&d->evtchn->lock);
    spin_lock(&e->lock);
    switch (e->state) {
    case EVTCHN_VIRQ:
        if (!virq_is_global(e->irq)) {
            err = -EINVAL;
            break;
        }
        e->vcpu = vcpu_id;
        break;
    case EVTCHN_UNBOUND:
    case EVTCHN_INTERDOMAIN:
    case EVTCHN_PIRQ:
        e->vcpu = vcpu_id;
        break;
    default:
        err = -EINVAL;
    }
    spin_unlock(&e->lock);
    spin_unlock(&d->evtchn->lock);
    return err;
}

int evtchn_unmask(uint32_t port)
{
    struct domain *d = current->domain;
    struct evtchn *e = evtchn_find(d, port);

    if (e == NULL)
        return -EINVAL;
    spin_lock(&e->lock);
    d->evtchn->abi->unmask(d, e);
    spin_unlock(&e->lock);
    return 0;
}

int evtchn_set_priority(const struct evtchn_set_priority *op)
{
    struct domain *d = current->domain;
    struct evtchn *e = evtchn_find(d, op->port);

    if (d->evtchn->abi != &evtchn_fifo)
        return -ENOSYS;
    if (e == NULL || op->priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -EINVAL;
    spin_lock(&e->lock);
    e->priority = op->priority;
    spin_unlock(&e->lock);
    return 0;
}

/* Closes ports from close_next on. -ERESTART: a batch is done, there are more. */
static int close_all(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;

    for (unsigned n = 0; ed->close_next < ed->valid; ed->close_next++, n++) {
        if (n == CLOSE_BATCH)
            return -ERESTART;
        (void)evtchn_close(d, ed->close_next); /* -EINVAL: it was free */
    }
    ed->close_next = 0;
    return 0;
}

int evtchn_domain_relinquish(struct domain *d)
{
    int err;

    if (d->evtchn == NULL)
        return 0;
    err = close_all(d);
    if (err == 0)
        err = evtchn_fifo_stop(d);
    if (err == 0)
        virq_forget_domain(d);
    return err;
}

int evtchn_reset(struct domain *d)
{
    int err;

    /* Other vcpus could use the table while it changes shape. */
    if (d != current->domain && d->pause_count == 0)
        return -EBUSY;
    err = close_all(d);
    return err != 0 ? err : evtchn_fifo_stop(d);
}

bool evtchn_port_pending(struct domain *d, uint32_t port)
{
    return evtchn_find(d, port) != NULL && d->evtchn->abi->is_pending(d, port);
}

void evtchn_dump(struct domain *d)
{
    static const char *const names[] = { "free", "unbound", "interdomain", "pirq", "virq", "ipi" };
    unsigned said = 0;

    printk(LOG_INFO, "d%u: %s event channels, %u open\n", d->domid,
           d->evtchn->abi == &evtchn_fifo ? "FIFO" : "2-level", d->evtchn->open);
    for (uint32_t port = 1; port < d->evtchn->valid && said < DUMPED_PORTS; port++) {
        const struct evtchn *e = evtchn_find(d, port);

        if (e->state == EVTCHN_FREE)
            continue;
        said++;
        printk(LOG_INFO, "  port %u: %s v%u%s%s", port, names[e->state], e->vcpu,
               d->evtchn->abi->is_pending(d, port) ? " pending" : "",
               d->evtchn->abi->is_masked(d, port) ? " masked" : "");
        if (e->state == EVTCHN_INTERDOMAIN)
            printk(LOG_INFO, " d%u port %u\n", e->remote_domid, e->remote_port);
        else if (e->state == EVTCHN_UNBOUND)
            printk(LOG_INFO, " for d%u\n", e->remote_domid);
        else
            printk(LOG_INFO, " %u\n", e->irq);
    }
}
