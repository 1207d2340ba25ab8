/* SPDX-License-Identifier: MIT */
/* Which ports, MMIO frames and interrupts a domain may use. */
#include "core/iocap.h"

#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/layout.h"
#include "hw/panic.h"
#include "hw/spinlock.h"
#include "lib/errno.h"
#include "lib/rangeset.h"
#include "mm/kmalloc.h"

#define LAST_PORT 0xffffU
#define LAST_IRQ 0xffffU

/* What is ours for good, collected while booting; a privileged domain is created without it. */
#define MAX_RESERVED 64

struct reserved_range {
    uint64_t first, last;
};

/*
 * Guests' port accesses and mappings read the sets while the toolstack changes them. The level
 * lies above the locks under which a mapping is checked; interrupts are off so that no handler's
 * lower lock comes after it.
 */
static struct spinlock iocap_lock = SPINLOCK_IRQ_INIT(LOCK_TIMER);
static struct reserved_range reserved_mfns[MAX_RESERVED], reserved_ports[MAX_RESERVED];
static unsigned nr_reserved_mfns, nr_reserved_ports;

static int set_range(struct rangeset *r, uint64_t first, uint64_t last, bool allow)
{
    unsigned long flags = spin_lock_irqsave(&iocap_lock);
    int rc = allow ? rangeset_add(r, first, last) : rangeset_remove(r, first, last);

    spin_unlock_irqrestore(&iocap_lock, flags);
    return rc;
}

static bool has_range(const struct rangeset *r, uint64_t first, uint64_t last)
{
    unsigned long flags;
    bool ok;

    if (!r)
        return false;
    flags = spin_lock_irqsave(&iocap_lock);
    ok = rangeset_contains(r, first, last);
    spin_unlock_irqrestore(&iocap_lock, flags);
    return ok;
}

static uint64_t last_mfn(void)
{
    return (1ULL << (cpu_features.phys_bits - PAGE_SHIFT)) - 1;
}

static int grant_everything(struct domain *d)
{
    int rc = rangeset_add(d->ioports, 0, LAST_PORT);

    if (!rc)
        rc = rangeset_add(d->iomem, 0, last_mfn());
    if (!rc)
        rc = rangeset_add(d->irqs, 0, LAST_IRQ);
    for (unsigned i = 0; !rc && i < nr_reserved_ports; i++)
        rc = rangeset_remove(d->ioports, reserved_ports[i].first, reserved_ports[i].last);
    for (unsigned i = 0; !rc && i < nr_reserved_mfns; i++)
        rc = rangeset_remove(d->iomem, reserved_mfns[i].first, reserved_mfns[i].last);
    return rc;
}

int iocap_domain_init(struct domain *d)
{
    int rc = -ENOMEM;

    d->ioports = rangeset_new(kzalloc, kfree);
    d->iomem = rangeset_new(kzalloc, kfree);
    d->irqs = rangeset_new(kzalloc, kfree);
    if (d->ioports && d->iomem && d->irqs)
        rc = d->privileged ? grant_everything(d) : 0;
    if (rc)
        iocap_domain_destroy(d);
    return rc;
}

void iocap_domain_destroy(struct domain *d)
{
    rangeset_destroy(d->ioports);
    rangeset_destroy(d->iomem);
    rangeset_destroy(d->irqs);
    d->ioports = d->iomem = d->irqs = NULL;
}

bool iocap_port_ok(const struct domain *d, unsigned port, unsigned bytes)
{
    return port <= LAST_PORT && bytes && bytes - 1 <= LAST_PORT - port &&
           has_range(d->ioports, port, port + bytes - 1);
}

bool iocap_mfn_ok(const struct domain *d, uint64_t first, uint64_t last)
{
    return first <= last && has_range(d->iomem, first, last);
}

bool iocap_irq_ok(const struct domain *d, unsigned irq)
{
    return has_range(d->irqs, irq, irq);
}

int iocap_ports(struct domain *d, unsigned first, unsigned last, bool allow)
{
    if (first > last || last > LAST_PORT)
        return -EINVAL;
    return set_range(d->ioports, first, last, allow);
}

int iocap_mfns(struct domain *d, uint64_t first, uint64_t last, bool allow)
{
    if (first > last || last > last_mfn())
        return -EINVAL;
    return set_range(d->iomem, first, last, allow);
}

int iocap_irq(struct domain *d, unsigned irq, bool allow)
{
    return irq > LAST_IRQ ? -EINVAL : set_range(d->irqs, irq, irq, allow);
}

static void reserve(struct reserved_range *table, unsigned *n, uint64_t first, uint64_t last)
{
    if (*n && table[*n - 1].last + 1 == first) {
        table[*n - 1].last = last;
        return;
    }
    /* Neighbours come one after the other. */
    if (*n && first == table[*n - 1].last + 1) {
        table[*n - 1].last = last;
        return;
    }
    if (*n == MAX_RESERVED)
        panic("iocap: more than %u reserved ranges", MAX_RESERVED);
    table[(*n)++] = (struct reserved_range){ first, last };
}

void iocap_reserve_mfn(uint64_t mfn)
{
    reserve(reserved_mfns, &nr_reserved_mfns, mfn, mfn);
    if (dom0 && set_range(dom0->iomem, mfn, mfn, false))
        panic("iocap: no memory to reserve frame %#lx", (unsigned long)mfn);
}

void iocap_reserve_ports(unsigned first, unsigned last)
{
    reserve(reserved_ports, &nr_reserved_ports, first, last);
    if (dom0 && set_range(dom0->ioports, first, last, false))
        panic("iocap: no memory to reserve ports %#x-%#x", first, last);
}
