/* SPDX-License-Identifier: MIT */
/* Growing and shrinking a domain: increase_reservation, decrease_reservation, populate_physmap. */
#include "core/guest_access.h"
#include "core/physmem.h"
#include "hcall/continuation.h"
#include "hcall/foreign.h"
#include "hcall/hc_memory.h"
#include "hw/softirq.h"
#include "mm/buddy.h"
#include "mm/m2p.h"
#include "public/memory.h"

/* 2 MiB: an unprivileged guest has no use for larger pieces, and they are dear to the host. */
#define GUEST_MAX_ORDER 9

unsigned memory_max_order(const struct domain *d)
{
    return d->privileged ? MAX_ORDER : GUEST_MAX_ORDER;
}

bool memory_give_back(struct domain *d, struct page_info *pg)
{
    bool ours;

    if (!page_get(pg, d))
        return false;
    /* Frames that we share with the guest are not its own to give. */
    ours = !(__atomic_load_n(&pg->count, __ATOMIC_RELAXED) & PGC_HV) &&
           (__atomic_fetch_and(&pg->count, ~PGC_ALLOCATED, __ATOMIC_SEQ_CST) & PGC_ALLOCATED);
    if (ours) {
        m2p_set(page_to_mfn(pg), M2P_INVALID);
        page_put(pg);
    }
    page_put(pg);
    return ours;
}

/* A new extent: its first mfn, or M2P_INVALID. */
static uint64_t new_extent(struct domain *d, const struct xen_memory_reservation *r)
{
    struct page_info *pg =
        physmem_alloc(d, r->extent_order, XENMEMF_get_address_bits(r->mem_flags));

    return pg ? page_to_mfn(pg) : M2P_INVALID;
}

static void set_extent_m2p(uint64_t mfn, uint64_t pfn, unsigned order)
{
    for (uint64_t i = 0; i < 1ULL << order; i++)
        m2p_set(mfn + i, pfn == M2P_INVALID ? pfn : pfn + i);
}

static bool populate(struct domain *d, const struct xen_memory_reservation *r, uint64_t i)
{
    struct guest_ptr slot = guest_ptr_at(guest_ptr(r->extent_start), i, sizeof(xen_pfn_t));
    uint64_t pfn, mfn;

    if (copy_from_guest(&pfn, slot, sizeof(pfn)))
        return false;
    mfn = new_extent(d, r);
    if (mfn == M2P_INVALID)
        return false;
    set_extent_m2p(mfn, pfn, r->extent_order);
    return copy_to_guest(slot, &mfn, sizeof(mfn)) == 0;
}

static bool increase(struct domain *d, const struct xen_memory_reservation *r, uint64_t i)
{
    struct guest_ptr slot = guest_ptr_at(guest_ptr(r->extent_start), i, sizeof(xen_pfn_t));
    uint64_t mfn = new_extent(d, r);

    if (mfn == M2P_INVALID)
        return false;
    set_extent_m2p(mfn, M2P_INVALID, r->extent_order);
    return !r->extent_start || copy_to_guest(slot, &mfn, sizeof(mfn)) == 0;
}

static bool decrease(struct domain *d, const struct xen_memory_reservation *r, uint64_t i)
{
    struct guest_ptr slot = guest_ptr_at(guest_ptr(r->extent_start), i, sizeof(xen_pfn_t));
    uint64_t mfn, n = 1ULL << r->extent_order;

    if (copy_from_guest(&mfn, slot, sizeof(mfn)) || mfn >= max_mfn || n > max_mfn - mfn)
        return false;
    for (uint64_t j = 0; j < n; j++)
        if (!mfn_is_ram(mfn + j) || !memory_give_back(d, mfn_to_page(mfn + j)))
            return false;
    return true;
}

/* Goes on at extent *i; false: preempted in front of it. *i is then, or at the end, what is done. */
static bool run(struct domain *d, const struct xen_memory_reservation *r, unsigned op, uint64_t *i)
{
    bool ok = true;

    while (ok && *i < r->nr_extents) {
        ok = op == XENMEM_populate_physmap       ? populate(d, r, *i)
             : op == XENMEM_increase_reservation ? increase(d, r, *i)
                                                 : decrease(d, r, *i);
        *i += ok;
        if (ok && *i < r->nr_extents && softirq_any_pending())
            return false;
    }
    return true;
}

long memory_reservation(unsigned op, unsigned long done, unsigned long arg)
{
    struct xen_memory_reservation r;
    uint64_t i = done;
    struct domain *d;
    bool ended;
    int err;

    if (copy_from_guest(&r, guest_ptr(arg), sizeof(r)))
        return -EFAULT;
    /* The result must fit the part of the command word that carries it over a preemption. */
    if (done > r.nr_extents || r.nr_extents > ~0UL >> (MEMOP_EXTENT_SHIFT + 1))
        return -EINVAL;
    err = domain_for_memory(r.domid, &d);
    if (err)
        return err;
    if (r.extent_order > memory_max_order(current->domain))
        return -EPERM;
    physmem_bulk_begin(d);
    ended = run(d, &r, op, &i);
    physmem_bulk_end(d);
    if (!ended)
        return hcall_restart(2, op | i << MEMOP_EXTENT_SHIFT, arg, 0, 0);
    return i;
}
