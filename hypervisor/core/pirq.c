/* SPDX-License-Identifier: MIT */
/* Physical interrupts handed to dom0. */
#include "core/pirq.h"

#include "core/domain.h"
#include "core/evtchn.h"
#include "core/iocap.h"
#include "core/vehicle.h"
#include "hw/irq.h"
#include "hw/percpu.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "mm/kmalloc.h"
#include "public/physdev.h"

/*
 * The pirq of a GSI has the GSI's number; those of MSIs are taken from above. An interrupt reads
 * its record without the lock: it is constant from irq_request_guest() until irq_free() returns.
 */
/* BUSY: being mapped or unmapped, without the lock. */
enum pirq_state { PIRQ_FREE, PIRQ_RESERVED, PIRQ_BUSY, PIRQ_MAPPED };

struct pirq {
    struct domain *domain;
    uint16_t irq;           /* while mapped */
    uint8_t state;          /* enum pirq_state */
    bool bound;
    uint32_t port;          /* while bound */
};

struct pirq_table {
    struct spinlock lock;   /* LOCK_PIRQ */
    unsigned long *eoi_map; /* the guest's page; NULL: none */
    uint64_t eoi_mfn;
    bool eoi_unmasks;
    struct pirq pirq[MAX_IRQS];
};
_Static_assert(MAX_IRQS <= PAGE_SIZE * 8, "one page tells which need an end of interrupt");

int pirq_domain_init(struct domain *d)
{
    struct pirq_table *t;

    if (!d->privileged)
        return 0;
    t = kzalloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    spin_lock_init(&t->lock, LOCK_PIRQ);
    for (unsigned i = 0; i < MAX_IRQS; i++)
        t->pirq[i].domain = d;
    d->pirq = t;
    return 0;
}

/* The record of a mapped pirq; NULL otherwise. Locked, or for a look that may be outdated. */
static struct pirq *mapped(struct domain *d, uint32_t pirq)
{
    struct pirq_table *t = d->pirq;

    if (!t || pirq >= MAX_IRQS || t->pirq[pirq].state != PIRQ_MAPPED)
        return NULL;
    return &t->pirq[pirq];
}

static void pirq_interrupt(unsigned irq, void *arg)
{
    struct pirq *p = arg;
    int cpu = evtchn_send_pirq(p->domain, p->port);

    /* It follows the vcpu it is bound to, so that the next one interrupts nobody else. */
    if (cpu >= 0 && (unsigned)cpu != smp_cpu_id())
        irq_set_affinity(irq, cpu);
}

/* Locked. */
static void set_needs_eoi(struct pirq_table *t, uint32_t pirq)
{
    const struct pirq *p = &t->pirq[pirq];

    if (!t->eoi_map)
        return;
    if (p->state == PIRQ_MAPPED && irq_is_level(p->irq))
        bitmap_set_atomic(t->eoi_map, pirq);
    else
        bitmap_clear_atomic(t->eoi_map, pirq);
}

/* Locked. */
static void unbind(struct pirq *p)
{
    irq_free(p->irq);
    p->bound = false;
}

void pirq_domain_destroy(struct domain *d)
{
    struct pirq_table *t = d->pirq;

    for (unsigned i = 0; i < MAX_IRQS; i++) {
        if (t->pirq[i].state != PIRQ_MAPPED)
            continue;
        if (t->pirq[i].bound)
            unbind(&t->pirq[i]);
        if (t->pirq[i].irq >= nr_gsis)
            msi_unmap(t->pirq[i].irq);
    }
    if (t->eoi_map) {
        struct page_info *pg = mfn_to_page(t->eoi_mfn);

        d->vehicle->page_put_type(pg);
        page_put(pg);
    }
    d->pirq = NULL;
    kfree(t);
}

/* Takes `count` free pirqs in a row above the GSIs; -ENOSPC. */
static int take_row(struct pirq_table *t, unsigned count, enum pirq_state state)
{
    unsigned first = 0;

    spin_lock(&t->lock);
    for (unsigned i = nr_gsis, run = 0; i < MAX_IRQS && !first; i++) {
        run = t->pirq[i].state == PIRQ_FREE ? run + 1 : 0;
        if (run == count)
            first = i + 1 - count;
    }
    for (unsigned i = 0; first && i < count; i++)
        t->pirq[first + i].state = (uint8_t)state;
    spin_unlock(&t->lock);
    return first ? (int)first : -ENOSPC;
}

/* Takes the one that the caller has reserved with get_free_pirq. */
static int take_reserved(struct pirq_table *t, int pirq)
{
    int rc = -EINVAL;

    if (pirq >= MAX_IRQS)
        return -EINVAL;
    spin_lock(&t->lock);
    if (t->pirq[pirq].state == PIRQ_RESERVED) {
        t->pirq[pirq].state = PIRQ_BUSY;
        rc = pirq;
    }
    spin_unlock(&t->lock);
    return rc;
}

static void set_row(struct pirq_table *t, unsigned first, unsigned count, uint8_t state,
                    unsigned irq)
{
    spin_lock(&t->lock);
    for (unsigned i = 0; i < count; i++) {
        t->pirq[first + i].irq = (uint16_t)(irq + i);
        t->pirq[first + i].state = state;
        set_needs_eoi(t, first + i);
    }
    spin_unlock(&t->lock);
}

static int map_gsi(struct domain *d, struct physdev_map_pirq *op)
{
    struct pirq_table *t = d->pirq;
    int pirq = op->pirq < 0 ? op->index : op->pirq;
    struct pirq *p;
    int rc = 0;

    if (op->index < 0 || (unsigned)op->index >= nr_gsis || !irq_exists(op->index) ||
        pirq >= MAX_IRQS)
        return -EINVAL;
    if (!iocap_irq_ok(d, op->index))
        return -EPERM;
    p = &t->pirq[pirq];
    spin_lock(&t->lock);
    if (p->state == PIRQ_MAPPED) {
        rc = p->irq == op->index ? 0 : -EBUSY;
    } else if (p->state == PIRQ_BUSY) {
        rc = -EBUSY;
    } else {
        p->irq = (uint16_t)op->index;
        p->state = PIRQ_MAPPED;
        set_needs_eoi(t, pirq);
    }
    spin_unlock(&t->lock);
    if (!rc)
        op->pirq = pirq;
    return rc;
}

static int map_msi(struct domain *d, struct physdev_map_pirq *op)
{
    struct msi_target target = {
        .seg = op->type == MAP_PIRQ_TYPE_MSI ? 0 : (uint16_t)((uint32_t)op->bus >> 16),
        .bus = (uint8_t)op->bus,
        .devfn = (uint8_t)op->devfn,
        .entry = (uint16_t)op->entry_nr,
        .msix_table = op->table_base,
    };
    unsigned count = 1;
    int pirq, irq;

    if (op->entry_nr < 0 || op->entry_nr > 0x7ff || op->devfn < 0 || op->devfn > 0xff)
        return -EINVAL;
    if (op->type == MAP_PIRQ_TYPE_MULTI_MSI) {
        if (op->table_base || !op->entry_nr || op->pirq >= 0)
            return -EINVAL;
        count = (unsigned)op->entry_nr;
        target.entry = 0;
    }
    pirq = op->pirq >= 0 ? take_reserved(d->pirq, op->pirq) : take_row(d->pirq, count, PIRQ_BUSY);
    if (pirq < 0)
        return pirq;
    irq = msi_map_multi(&target, count);
    if (irq < 0) {
        set_row(d->pirq, pirq, count, op->pirq >= 0 ? PIRQ_RESERVED : PIRQ_FREE, 0);
        return irq;
    }
    set_row(d->pirq, pirq, count, PIRQ_MAPPED, irq);
    op->pirq = pirq;
    return 0;
}

int pirq_map(struct domain *d, struct physdev_map_pirq *op)
{
    if (!d->pirq)
        return -EPERM;
    switch (op->type) {
    case MAP_PIRQ_TYPE_GSI:
        return map_gsi(d, op);
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI:
        return map_msi(d, op);
    default:
        return -EINVAL;
    }
}

int pirq_unmap(struct domain *d, int pirq)
{
    struct pirq_table *t = d->pirq;
    struct pirq *p;
    unsigned irq;
    bool msi = false;
    int rc = 0;

    if (!t || pirq < 0 || pirq >= MAX_IRQS)
        return -EINVAL;
    p = &t->pirq[pirq];
    spin_lock(&t->lock);
    irq = p->irq;
    if (p->state == PIRQ_FREE) {
        rc = -EINVAL;
    } else if (p->bound || p->state == PIRQ_BUSY) {
        rc = -EBUSY; /* the channel is closed first */
    } else {
        msi = p->state == PIRQ_MAPPED && irq >= nr_gsis;
        p->state = msi ? PIRQ_BUSY : PIRQ_FREE;
    }
    set_needs_eoi(t, pirq);
    spin_unlock(&t->lock);
    if (msi) {
        msi_unmap(irq);
        set_row(t, pirq, 1, PIRQ_FREE, 0);
    }
    return rc;
}

int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port, bool share)
{
    struct pirq_table *t = d->pirq;
    struct pirq *p;
    int rc;

    spin_lock(&t->lock);
    p = mapped(d, pirq);
    if (!p)
        rc = -EINVAL;
    else if (p->bound)
        rc = -EBUSY;
    else {
        p->port = port;
        rc = irq_request_guest(p->irq, pirq_interrupt, p);
        p->bound = rc == 0;
        set_needs_eoi(t, pirq);
    }
    spin_unlock(&t->lock);
    return rc;
}

void pirq_unbind(struct domain *d, uint32_t pirq)
{
    struct pirq_table *t = d->pirq;
    struct pirq *p;

    spin_lock(&t->lock);
    p = mapped(d, pirq);
    if (p && p->bound)
        unbind(p);
    spin_unlock(&t->lock);
}

int pirq_eoi(struct domain *d, uint32_t pirq)
{
    struct pirq_table *t = d->pirq;
    struct pirq *p;
    uint32_t port = 0;

    if (!t || pirq >= MAX_IRQS)
        return -EINVAL;
    spin_lock(&t->lock);
    p = mapped(d, pirq);
    if (p && p->bound) {
        port = p->port;
        irq_guest_eoi(p->irq);
    }
    spin_unlock(&t->lock);
    if (port && t->eoi_unmasks)
        evtchn_unmask(port);
    return p ? 0 : -EINVAL;
}

bool pirq_needs_eoi(struct domain *d, uint32_t pirq)
{
    const struct pirq *p = mapped(d, pirq);

    return p && irq_is_level(p->irq);
}

int pirq_irq(struct domain *d, uint32_t pirq)
{
    const struct pirq *p = mapped(d, pirq);

    return p ? p->irq : -EINVAL;
}

int pirq_get_free(struct domain *d)
{
    return d->pirq ? take_row(d->pirq, 1, PIRQ_RESERVED) : -EPERM;
}

bool pirq_exists(struct domain *d, uint32_t pirq)
{
    return mapped(d, pirq) != NULL;
}

void pirq_setup_changed(struct domain *d, uint32_t pirq)
{
    if (!d->pirq || pirq >= MAX_IRQS)
        return;
    spin_lock(&d->pirq->lock);
    set_needs_eoi(d->pirq, pirq);
    spin_unlock(&d->pirq->lock);
}

int pirq_set_eoi_page(struct domain *d, uint64_t mfn)
{
    struct pirq_table *t = d->pirq;
    struct page_info *pg;
    bool taken;

    if (!t)
        return -EPERM;
    if (t->eoi_map)
        return -EBUSY;
    if (!mfn_is_ram(mfn))
        return -EINVAL;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, d))
        return -EINVAL;
    if (d->vehicle->page_get_type(pg, PGT_WRITABLE)) {
        page_put(pg);
        return -EINVAL;
    }
    spin_lock(&t->lock);
    taken = t->eoi_map != NULL;
    if (!taken) {
        t->eoi_mfn = mfn;
        t->eoi_map = mfn_to_virt(mfn);
        for (uint32_t i = 0; i < MAX_IRQS; i++)
            set_needs_eoi(t, i);
    }
    spin_unlock(&t->lock);
    if (!taken)
        return 0;
    d->vehicle->page_put_type(pg);
    page_put(pg);
    return -EBUSY;
}

uint64_t pirq_eoi_frame(const struct domain *d)
{
    return d->pirq && d->pirq->eoi_map ? d->pirq->eoi_mfn : 0;
}

void pirq_eoi_unmasks(struct domain *d)
{
    d->pirq->eoi_unmasks = true;
}
