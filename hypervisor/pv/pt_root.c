/* SPDX-License-Identifier: MIT */
/* Roots, pins, and the end of a domain's page tables. */
#include "core/domain.h"
#include "core/sched.h"
#include "hw/cpu.h"
#include "hw/percpu.h"
#include "hw/softirq.h"
#include "hw/tlb.h"
#include "lib/errno.h"
#include "mm/kmalloc.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"

/*
 * Undoing a table that somebody dropped may take long: it is preempted, and the operation that
 * dropped it, which is otherwise complete, need not fail for it. The vcpu remembers the frame (its
 * PARTIAL state holds a reference of its own) and finishes before its next page-table operation and
 * before the hypercall returns.
 */
#define UNDO_OWNER_SHIFT 48
#define UNDO_MAX (sizeof(((struct pv_vcpu *)0)->pt_undo) / sizeof(uint64_t))

/* Frames of a dying domain that are passed over in one go, under its page lock. */
#define SCAN_MAX 256U

void pt_defer_undo(struct page_info *pg)
{
    struct pv_vcpu *v = current_pv;
    const struct domain *d = pg->owner;

    if (is_idle_vcpu(current) || !d || v->pt_undo_count == UNDO_MAX) {
        page_finish_undo(pg, false);
        return;
    }
    v->pt_undo[v->pt_undo_count++] = page_to_mfn(pg) | (uint64_t)d->domid << UNDO_OWNER_SHIFT;
}

int pt_finish_undo_slow(struct pv_vcpu *v)
{
    while (v->pt_undo_count) {
        uint64_t rec = v->pt_undo[v->pt_undo_count - 1];
        struct page_info *pg = mfn_to_page(rec & ((1ULL << UNDO_OWNER_SHIFT) - 1));
        struct domain *d = domain_lookup(rec >> UNDO_OWNER_SHIFT);
        int err = 0;

        /*
         * It may have been finished by another, freed, and be anything now: then there is nothing
         * to do.
         */
        if (d && page_get_inline(pg, d)) {
            err = page_finish_undo(pg, true);
            page_put(pg);
        }
        if (err)
            return err;
        v->pt_undo_count--;
    }
    return 0;
}

static int get_root(struct domain *d, uint64_t mfn)
{
    if (!mfn_is_ram(mfn))
        return -EINVAL;
    return page_get_and_type(mfn_to_page(mfn), d, PGT_L4, true);
}

static void put_root(uint64_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (mfn && page_put_and_type(pg, true))
        pt_defer_undo(pg);
}

static void load_root(struct pv_vcpu *v, bool kernel, uint64_t mfn)
{
    unsigned long flags;

    if (&v->core != current || v->kernel_mode != kernel)
        return;
    flags = irq_save();
    write_cr3(mfn << PAGE_SHIFT);
    irq_restore(flags);
}

int pt_new_kernel_root(struct pv_vcpu *v, uint64_t mfn)
{
    uint64_t old = v->cr3_kernel;
    int err;

    if (mfn != old || !mfn) {
        err = get_root(v->core.domain, mfn);
        if (err)
            return err;
        v->cr3_kernel = mfn;
    }
    load_root(v, true, mfn);
    if (mfn != old)
        put_root(old);
    return 0;
}

int pt_new_user_root(struct pv_vcpu *v, uint64_t mfn)
{
    uint64_t old = v->cr3_user;
    int err;

    if (mfn == old)
        return 0;
    if (mfn) {
        err = get_root(v->core.domain, mfn);
        if (err)
            return err;
    }
    v->cr3_user = mfn;
    if (mfn)
        load_root(v, false, mfn);
    put_root(old);
    return 0;
}

int pt_pin(struct domain *d, uint64_t mfn, uint64_t type)
{
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t x;
    int err;

    if (!mfn_is_ram(mfn) || !pgt_is_table(type))
        return -EINVAL;
    err = page_get_and_type(pg, d, type, true);
    if (err)
        return err;
    /* We hold it VALID: nothing but its count and the pin can change now. */
    x = __atomic_fetch_or(&pg->type, PGT_PINNED, __ATOMIC_SEQ_CST);
    if (x & PGT_PINNED) {
        /* Ours is the last one when a sibling has unpinned it since: that can take long. */
        if (page_put_and_type(pg, true))
            pt_defer_undo(pg);
        return -EINVAL;
    }
    /* A dying domain unpins after it was marked so: either we see the mark, or it sees the pin. */
    if (__atomic_load_n(&d->state, __ATOMIC_SEQ_CST) != DOM_ALIVE &&
        (__atomic_fetch_and(&pg->type, ~PGT_PINNED, __ATOMIC_SEQ_CST) & PGT_PINNED)) {
        if (page_put_and_type(pg, true))
            pt_defer_undo(pg);
        return -EINVAL;
    }
    return 0;
}

int pt_unpin(struct domain *d, uint64_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);
    int err = 0;

    if (!mfn_is_ram(mfn) || !page_get_inline(pg, d))
        return -EINVAL;
    if (__atomic_fetch_and(&pg->type, ~PGT_PINNED, __ATOMIC_SEQ_CST) & PGT_PINNED) {
        if (page_put_and_type(pg, true))
            pt_defer_undo(pg);
    } else if (!(__atomic_load_n(&pg->type, __ATOMIC_SEQ_CST) & PGT_PARTIAL)) {
        err = -EINVAL;
    } else if (page_finish_undo(pg, true)) {
        /* A pinning that never came to its end is undone like one that did. */
        pt_defer_undo(pg);
    }
    page_put_inline(pg);
    return err;
}

int pt_drop_roots(struct pv_vcpu *v)
{
    uint64_t roots[2] = { v->cr3_kernel, v->cr3_user };

    /*
     * What is preempted here stays PARTIAL until pt_relinquish() or the guest's next use finds it.
     */
    v->cr3_kernel = v->cr3_user = 0;
    v->pt_undo_count = 0;
    for (unsigned i = 0; i < 2; i++)
        if (roots[i])
            page_put_and_type(mfn_to_page(roots[i]), true);
    return 0;
}

/* Drops the pin of one frame and undoes it as far as it is left half done. */
static int release_frame(struct page_info *pg)
{
    if ((__atomic_fetch_and(&pg->type, ~PGT_PINNED, __ATOMIC_SEQ_CST) & PGT_PINNED) &&
        page_put_and_type(pg, true))
        return -ERESTART;
    return page_finish_undo(pg, true);
}

/* Has a pin to drop, or is a table that is left half done. */
static bool to_be_released(const struct page_info *pg)
{
    uint64_t type = __atomic_load_n(&pg->type, __ATOMIC_RELAXED);

    return (type & PGT_PINNED) || ((type & PGT_PARTIAL) && pgt_is_table(type));
}

/*
 * The next frame after pg in its owner's list (pg NULL: from the first) that is to be released, or
 * the SCAN_MAX-th for a look at what else this CPU has to do; with a reference. NULL at the end.
 */
static struct page_info *next_frame(struct domain *d, struct page_info *pg)
{
    unsigned left = SCAN_MAX;
    uint64_t mfn;

    spin_lock(&d->page_lock);
    mfn = pg ? pg->next : d->page_list;
    for (; mfn; mfn = pg->next) {
        pg = mfn_to_page(mfn);
        /*
         * One whose last reference is just going cannot be a table; whoever dropped it waits for
         * the lock.
         */
        if ((to_be_released(pg) || !left) && page_get_inline(pg, d))
            break;
        left -= left > 0;
    }
    spin_unlock(&d->page_lock);
    return mfn ? pg : NULL;
}

int pt_relinquish(struct domain *d)
{
    struct pv_domain *pd = to_pv_domain(d);
    struct page_info *pg, *next;
    struct vcpu *v;
    unsigned i;
    void *map;

    if (pd->pins_dropped)
        return 0;
    for_each_vcpu(d, v, i)
        pt_drop_roots(to_pv_vcpu(v));
    pg = pd->next_pinned ? mfn_to_page(pd->next_pinned) : next_frame(d, NULL);
    pd->next_pinned = 0;
    while (pg) {
        if (release_frame(pg)) {
            pd->next_pinned = page_to_mfn(pg);
            return -ERESTART;
        }
        /* Our reference keeps pg in the list until its successor is found. */
        next = next_frame(d, pg);
        page_put(pg);
        pg = next;
        if (pg && softirq_any_pending()) {
            pd->next_pinned = page_to_mfn(pg);
            return -ERESTART;
        }
    }
    pd->pins_dropped = true;
    spin_lock(&d->lock);
    map = pd->e820;
    pd->e820 = NULL;
    pd->e820_count = 0;
    spin_unlock(&d->lock);
    kfree(map);
    return 0;
}
