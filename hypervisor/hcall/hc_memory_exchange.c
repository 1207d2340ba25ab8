/* SPDX-License-Identifier: MIT */
/* XENMEM_exchange: a domain trades frames for others, contiguous or within reach of a device. */
#include "core/guest_access.h"
#include "core/physmem.h"
#include "hcall/continuation.h"
#include "hcall/foreign.h"
#include "hcall/hc_memory.h"
#include "hw/clear.h"
#include "hw/softirq.h"
#include "mm/buddy.h"
#include "mm/m2p.h"
#include "public/memory.h"

/*
 * The trade goes in chunks: the smallest whole number of extents on both sides. A chunk is all or
 * nothing. First the new frames are taken from the allocator and the old ones are looked at (all of
 * them the domain's, in nobody's use); from there on the old ones are given back and the new ones
 * assigned. Another vcpu may use an old frame in between: then that frame lives on until its last
 * use, as with decrease_reservation, and the domain, over its limit by as much, may fail to get the
 * new ones.
 */
struct trade {
    struct xen_memory_exchange x;
    struct domain *d;
    uint64_t in_per_chunk, out_per_chunk; /* extents; one of them is 1 */
    uint32_t out_head; /* new extents of the chunk, linked through page_info.next */
};

static bool trade_ok(const struct xen_memory_exchange *x)
{
    unsigned max = memory_max_order(current->domain);
    const struct xen_memory_reservation *in = &x->in, *out = &x->out;

    return in->domid == out->domid && in->extent_order <= max && out->extent_order <= max &&
           in->nr_extents <= ~0UL >> (max + MEMOP_EXTENT_SHIFT) &&
           out->nr_extents <= ~0UL >> (max + MEMOP_EXTENT_SHIFT) &&
           in->nr_extents << in->extent_order == out->nr_extents << out->extent_order &&
           x->nr_exchanged <= in->nr_extents;
}

/*
 * The frame of index k (in single frames) of chunk `first`, as the guest names it; false:
 * unreadable or absurd.
 */
static bool in_frame(const struct trade *t, uint64_t first, uint64_t k, struct page_info **pg)
{
    const struct xen_memory_reservation *in = &t->x.in;
    uint64_t mfn;

    if (copy_from_guest(&mfn,
                        guest_ptr_at(guest_ptr(in->extent_start), first + (k >> in->extent_order),
                                     sizeof(mfn)),
                        sizeof(mfn)))
        return false;
    mfn += k & ((1ULL << in->extent_order) - 1);
    if (!mfn_is_ram(mfn))
        return false;
    *pg = mfn_to_page(mfn);
    return true;
}

/* Owned, allocated, and the only other reference is the caller's. */
static bool is_idle(const struct page_info *pg)
{
    uint64_t count = __atomic_load_n(&pg->count, __ATOMIC_ACQUIRE);

    return (count & (PGC_HV | PGC_ALLOCATED | PGC_COUNT_MASK)) == (PGC_ALLOCATED | 2) &&
           (__atomic_load_n(&pg->type, __ATOMIC_ACQUIRE) & (PGT_COUNT_MASK | PGT_PINNED)) == 0;
}

/*
 * References every old frame of the chunk; `held` has room for its n frames.
 */
static int hold_in_frames(const struct trade *t, uint64_t first, struct page_info **held,
                          uint64_t n)
{
    for (uint64_t k = 0; k < n; k++) {
        bool ok = in_frame(t, first, k, &held[k]) && page_get(held[k], t->d);

        if (ok && is_idle(held[k]))
            continue;
        if (ok)
            page_put(held[k]);
        while (k-- > 0)
            page_put(held[k]);
        return -EINVAL;
    }
    return 0;
}

static void free_out(struct trade *t)
{
    while (t->out_head) {
        struct page_info *pg = mfn_to_page(t->out_head);

        t->out_head = pg->next;
        buddy_free(pg, t->x.out.extent_order);
    }
}

static int alloc_out(struct trade *t)
{
    const struct xen_memory_reservation *out = &t->x.out;

    for (uint64_t i = 0; i < t->out_per_chunk; i++) {
        struct page_info *pg =
            buddy_alloc(out->extent_order, XENMEMF_get_address_bits(out->mem_flags));

        if (!pg) {
            free_out(t);
            return -ENOMEM;
        }
        clear_frames(page_to_virt(pg), (size_t)PAGE_SIZE << out->extent_order);
        pg->next = t->out_head;
        t->out_head = page_to_mfn(pg);
    }
    return 0;
}

/* Assigns the new extents to the domain and tells it their names. */
static int hand_over(struct trade *t, uint64_t first_out)
{
    const struct xen_memory_reservation *out = &t->x.out;
    int err = 0;

    for (uint64_t i = 0; i < t->out_per_chunk && err == 0; i++) {
        struct page_info *pg = mfn_to_page(t->out_head);
        struct guest_ptr slot =
            guest_ptr_at(guest_ptr(out->extent_start), first_out + i, sizeof(xen_pfn_t));
        uint64_t pfn, mfn = page_to_mfn(pg);

        if (copy_from_guest(&pfn, slot, sizeof(pfn)))
            return -EFAULT;
        t->out_head = pg->next;
        if (physmem_assign(t->d, pg, out->extent_order)) {
            buddy_free(pg, out->extent_order);
            return -ENOMEM;
        }
        for (uint64_t j = 0; j < 1ULL << out->extent_order; j++)
            m2p_set(mfn + j, pfn + j);
        err = copy_to_guest(slot, &mfn, sizeof(mfn));
    }
    return err;
}

static int trade_chunk(struct trade *t, uint64_t first, struct page_info **held, uint64_t n)
{
    uint64_t chunk = first / t->in_per_chunk;
    int err = alloc_out(t);

    if (err)
        return err;
    err = hold_in_frames(t, first, held, n);
    if (err) {
        free_out(t);
        return err;
    }
    /* Checked; from here on the old frames are gone. */
    for (uint64_t k = 0; k < n; k++) {
        memory_give_back(t->d, held[k]);
        page_put(held[k]);
    }
    err = hand_over(t, chunk * t->out_per_chunk);
    free_out(t);
    return err;
}

static long trade_all(struct trade *t, unsigned long arg, struct page_info **held, uint64_t n)
{
    struct guest_ptr done_at =
        guest_ptr(arg + offsetof(struct xen_memory_exchange, nr_exchanged));
    long ret = 0;

    while (t->x.nr_exchanged < t->x.in.nr_extents && ret == 0) {
        ret = trade_chunk(t, t->x.nr_exchanged, held, n);
        if (ret == 0)
            t->x.nr_exchanged += t->in_per_chunk;
        if (ret == 0 && t->x.nr_exchanged < t->x.in.nr_extents && softirq_any_pending())
            ret = -ERESTART;
    }
    if (copy_to_guest(done_at, &t->x.nr_exchanged, sizeof(t->x.nr_exchanged)))
        return -EFAULT;
    /* The progress is in the structure, the arguments stay. */
    return ret == -ERESTART ? hcall_restart(0, 0, 0, 0, 0) : ret;
}

long memory_exchange(unsigned long arg)
{
    struct trade t = { .out_head = 0 };
    struct page_info **held;
    unsigned order, array_order = 0;
    uint64_t n;
    long ret;

    if (copy_from_guest(&t.x, guest_ptr(arg), sizeof(t.x)))
        return -EFAULT;
    if (t.x.in.extent_order > memory_max_order(current->domain) ||
        t.x.out.extent_order > memory_max_order(current->domain))
        return -EPERM;
    if (!trade_ok(&t.x))
        return -EINVAL;
    ret = domain_for_memory(t.x.in.domid, &t.d);
    if (ret)
        return ret;
    if (t.x.in.extent_order <= t.x.out.extent_order) {
        order = t.x.out.extent_order;
        t.in_per_chunk = 1ULL << (order - t.x.in.extent_order);
        t.out_per_chunk = 1;
    } else {
        order = t.x.in.extent_order;
        t.in_per_chunk = 1;
        t.out_per_chunk = 1ULL << (order - t.x.out.extent_order);
    }
    if (t.x.nr_exchanged % t.in_per_chunk)
        return -EINVAL;
    n = 1ULL << order;
    while ((uint64_t)PAGE_SIZE << array_order < n * sizeof(*held))
        array_order++;
    held = hv_alloc_pages(array_order);
    if (!held)
        return -ENOMEM;
    ret = trade_all(&t, arg, held, n);
    hv_free_pages(held, array_order);
    return ret;
}
