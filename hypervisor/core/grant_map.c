/* SPDX-License-Identifier: MIT */
/* Mapping others' frames by grant, and the handles that stand for the mappings. */
#include "core/grant.h"
#include "core/grant_table.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/percpu.h"
#include "hw/tlb.h"
#include "lib/errno.h"
#include "mm/buddy.h"

/* How many handles a dying domain drops before it looks whether to go on. */
#define RELINQUISH_BATCH 64

struct grant_handle *grant_handle_at(struct grant_table *t, uint32_t handle)
{
    return t->handles[handle / HANDLES_PER_PAGE] + handle % HANDLES_PER_PAGE;
}

/* One more page of free handles. Maptrack lock held. */
static bool grow(struct grant_table *t)
{
    struct grant_handle *page;
    uint32_t first = t->maptrack_pages * HANDLES_PER_PAGE;

    if (t->maptrack_pages == t->max_maptrack_pages)
        return false;
    page = hv_alloc_pages(0);
    if (page == NULL)
        return false;
    for (uint32_t i = 0; i + 1 < HANDLES_PER_PAGE; i++)
        page[i].next_free = first + i + 2;
    t->handles[t->maptrack_pages++] = page;
    t->free_head = first + 1;
    return true;
}

int64_t grant_handle_alloc(struct domain *ld)
{
    struct grant_table *t = ld->grant;
    int64_t handle = -1;

    spin_lock(&t->maptrack_lock);
    if (t->free_head != 0 || grow(t)) {
        handle = t->free_head - 1;
        t->free_head = grant_handle_at(t, handle)->next_free;
        t->handles_used++;
    }
    spin_unlock(&t->maptrack_lock);
    return handle;
}

void grant_handle_free(struct domain *ld, uint32_t handle)
{
    struct grant_table *t = ld->grant;
    struct grant_handle *h;

    spin_lock(&t->maptrack_lock);
    h = grant_handle_at(t, handle);
    *h = (struct grant_handle){ .next_free = t->free_head };
    t->free_head = handle + 1;
    t->handles_used--;
    spin_unlock(&t->maptrack_lock);
}

/*
 * A handle holds the frame once, however it is mapped. The device mapping has no table of its own
 * (there is no IOMMU): it is the promise that the frame stays put while a device may reach it.
 */
void grant_map_one(struct gnttab_map_grant_ref *op)
{
    struct domain *ld = current->domain, *rd;
    bool readonly = op->flags & GNTMAP_readonly;
    struct grant_handle *h;
    int64_t handle;
    uint32_t mfn;

    op->handle = ~0u;
    if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map))) {
        op->status = GNTST_bad_gntref;
        return;
    }
    rd = domain_get(op->dom);
    if (rd == NULL) {
        op->status = GNTST_bad_domain;
        return;
    }
    handle = grant_handle_alloc(ld);
    if (handle < 0) {
        op->status = GNTST_no_space;
        goto put;
    }
    op->status = grant_acquire(rd, ld->domid, op->ref, readonly, &mfn);
    if (op->status != GNTST_okay)
        goto free;
    if ((op->flags & GNTMAP_host_map) &&
        ld->vehicle->grant_map(current, op->host_addr, mfn, op->flags) != 0) {
        op->status = GNTST_bad_virt_addr;
        goto release;
    }

    h = grant_handle_at(ld->grant, handle);
    spin_lock(&ld->grant->maptrack_lock);
    h->owner = rd;
    h->ref = op->ref;
    h->mfn = mfn;
    h->flags = op->flags;
    spin_unlock(&ld->grant->maptrack_lock);
    op->handle = handle;
    op->dev_bus_addr = (uint64_t)mfn << PAGE_SHIFT;
    return;

release:
    grant_release(rd, op->ref, mfn, readonly);
free:
    grant_handle_free(ld, handle);
put:
    domain_put(rd);
}

/* Claims the handle, so that no other vcpu can unmap it at the same time. */
static struct grant_handle *claim(struct grant_table *t, uint32_t handle)
{
    struct grant_handle *h = NULL;

    spin_lock(&t->maptrack_lock);
    if (handle < t->maptrack_pages * HANDLES_PER_PAGE) {
        h = grant_handle_at(t, handle);
        if (h->owner == NULL || h->busy)
            h = NULL;
        else
            h->busy = true;
    }
    spin_unlock(&t->maptrack_lock);
    return h;
}

static void unclaim(struct grant_table *t, struct grant_handle *h, uint16_t dropped)
{
    spin_lock(&t->maptrack_lock);
    h->flags &= ~dropped;
    h->busy = false;
    spin_unlock(&t->maptrack_lock);
}

int16_t grant_unmap_one(struct grant_unmap_batch *b, uint32_t handle, uint64_t host_addr,
                        uint64_t dev_bus_addr, uint64_t new_addr)
{
    struct domain *ld = current->domain;
    struct grant_handle *h = claim(ld->grant, handle);
    struct grant_unmapped *item;
    uint16_t dropped = 0;

    if (h == NULL)
        return GNTST_bad_handle;
    if (dev_bus_addr != 0 && dev_bus_addr != (uint64_t)h->mfn << PAGE_SHIFT) {
        unclaim(ld->grant, h, 0);
        return GNTST_bad_dev_addr;
    }
    if (host_addr != 0 && (h->flags & GNTMAP_host_map)) {
        if (ld->vehicle->grant_unmap(current, host_addr, h->mfn, h->flags, new_addr) != 0) {
            unclaim(ld->grant, h, 0);
            return GNTST_bad_virt_addr;
        }
        dropped |= GNTMAP_host_map;
        b->flush = true;
    }
    if (dev_bus_addr != 0)
        dropped |= GNTMAP_device_map;
    if (h->flags & ~dropped & (GNTMAP_host_map | GNTMAP_device_map)) {
        unclaim(ld->grant, h, dropped);
        return GNTST_okay;
    }
    /* The last mapping is gone: stays claimed until the flush. */
    item = &b->item[b->n++];
    *item = (struct grant_unmapped){
        .owner = h->owner, .handle = handle, .mfn = h->mfn, .ref = h->ref,
        .readonly = h->flags & GNTMAP_readonly,
    };
    return GNTST_okay;
}

void grant_unmap_finish(struct grant_unmap_batch *b)
{
    struct domain *ld = current->domain;

    if (b->flush)
        tlb_flush_mask(&ld->dirty_cpumask);
    for (unsigned i = 0; i < b->n; i++) {
        struct grant_unmapped *u = &b->item[i];

        grant_release(u->owner, u->ref, u->mfn, u->readonly);
        grant_handle_free(ld, u->handle);
        domain_put(u->owner);
    }
    b->n = 0;
    b->flush = false;
}

/*
 * The domain's page tables may still map the frames: those entries hold references of their own.
 * Its vcpus are paused for good, so nothing is claimed and nothing new appears.
 */
int grant_domain_relinquish(struct domain *d)
{
    struct grant_table *t = d->grant;

    if (t == NULL)
        return 0;
    for (unsigned n = 0; t->relinquish_next < t->maptrack_pages * HANDLES_PER_PAGE;
         t->relinquish_next++) {
        struct grant_handle h = *grant_handle_at(t, t->relinquish_next);

        if (h.owner == NULL)
            continue;
        if (n++ == RELINQUISH_BATCH)
            return -ERESTART;
        grant_release(h.owner, h.ref, h.mfn, h.flags & GNTMAP_readonly);
        grant_handle_free(d, t->relinquish_next);
        domain_put(h.owner);
    }
    return 0;
}
