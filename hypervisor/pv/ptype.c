/* SPDX-License-Identifier: MIT */
/* The page-type state machine: what a frame is at present, and who may change that. */
#include "pv/ptype.h"

#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/softirq.h"
#include "hw/tlb.h"
#include "lib/errno.h"
#include "pv/descriptor.h"
#include "pv/pt_entry.h"

/*
 * Why there are types
 *
 * The processor walks the guest's own page tables. What it may reach is therefore decided by the
 * contents of frames that the guest owns, and isolation rests on one rule: a frame is never
 * at the same time something that the processor interprets (a page table of one level, a
 * descriptor table) and something that the guest can write, nor two kinds of interpreted thing.
 *
 * Each frame has a total count (page_info.count), without which it would be freed, and a type
 * with a type count (page_info.type). Whoever uses the frame *as something* holds one of each:
 *
 *   a present level-1 entry with RW       one PGT_WRITABLE on the frame it maps
 *   a present level-1 entry without RW    none (only the total count): reading changes nothing
 *   a present level-n entry               one PGT_L(n-1) on the table it names
 *   a vcpu's root, a pin                  one PGT_L4, PGT_L1..4
 *   a GDT or LDT slot of a vcpu           one PGT_DESC
 *   one of our own frames, shared         one that is never dropped while it is shared
 *
 * The type may change only while the type count is zero.
 *
 * The word and its states
 *
 * Everything is in the one word page_info.type and changes by compare-and-exchange, so there is
 * no lock to forget. For table types (and descriptor pages, whose check is short):
 *
 *   IDLE     count 0. Type: what it was last; stamp: the TLB clock when it ceased to be it.
 *   BUSY     count 1, neither VALIDATED nor PARTIAL. One CPU is taking or dropping the references
 *            of the table's entries. Nobody else changes the word; those who want the same
 *            type wait, all others are refused.
 *   VALID    count >= 1, VALIDATED. Each entry that is present holds its reference.
 *   PARTIAL  count 1, PARTIAL. The work of BUSY was preempted. Entries [0, n) hold references, n
 *            is in the stamp's place. The state itself owns one total reference, so the frame stays.
 *            Anybody may take the work up again in either direction: to VALID (somebody wants
 *            the type) or to IDLE (page_finish_undo). Nobody owns a PARTIAL frame, so nothing
 *            is lost when the vcpu that began never comes back.
 *
 * Entries are validated upwards and undone downwards, that is why one number describes both. A
 * table preempted *inside* its child at entry n has its child PARTIAL; going up, the child is asked
 * for again and resumes; going down, pt_drain first finishes the child at n.
 *
 * Waiting is free of cycles: a CPU in BUSY at level n only ever waits for levels below n, because
 * a table may name only tables of the next lower level. (Linear page tables, a table naming
 * one of its own level, would break this and are refused; no 64-bit guest uses them.)
 *
 * The TLB
 *
 * An entry that is gone from memory may still be in a TLB or a paging-structure cache. Dropping
 * the last typed reference therefore stamps the frame with the TLB clock, and before the type
 * changes, every CPU that may have used the frame in its old role and has not flushed since
 * the stamp is flushed: old writable mappings must not reach a new table, old tables must not be
 * walked once they are data or tables of another level. The flush comes before the exchange
 * of the word. That is sound: if the word is unchanged when the exchange succeeds, the frame has
 * not been in use since (it would bear a newer stamp: every stamp is another tick). Which CPUs:
 * those with the owner's translations (dirty_cpumask), or, once another domain has mapped the frame
 * (PGC_FOREIGN), all. Frames that are freed rest until no TLB holds them (core/physmem.c), so
 * PGT_NONE needs no flush.
 *
 * Counts
 *
 * Both counts refuse to be incremented at their maximum, so they cannot wrap. A type count fits 24
 * bits: a guest reaches it by mapping one frame 16 million times and is then refused.
 */

/* True when that reached every CPU because of PGC_FOREIGN. */
static bool flush_old_meaning(struct page_info *pg, uint64_t word)
{
    bool foreign = __atomic_load_n(&pg->count, __ATOMIC_RELAXED) & PGC_FOREIGN;
    const struct domain *d = __atomic_load_n(&pg->owner, __ATOMIC_RELAXED);
    bool everywhere = foreign || !d;
    struct cpumask mask = everywhere ? cpu_online_mask : d->dirty_cpumask;

    tlb_filter(&mask, (word & PGT_STAMP_MASK) >> PGT_STAMP_SHIFT);
    if (!cpumask_empty(&mask))
        tlb_flush_mask(&mask);
    return foreign;
}

/*
 * The frame is BUSY on its way to a table or descriptors, and was flushed everywhere in its old role:
 * with no reference left but the owner's and our caller's, no foreign mapping remains, and while it
 * is BUSY none that matters can begin.
 */
static void forget_foreign(struct page_info *pg)
{
    uint64_t count = __atomic_load_n(&pg->count, __ATOMIC_RELAXED);

    if ((count & (PGC_ALLOCATED | PGC_COUNT_MASK)) == (PGC_ALLOCATED | 2))
        __atomic_compare_exchange_n(&pg->count, &count, count & ~PGC_FOREIGN, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static bool exchange(struct page_info *pg, uint64_t *old, uint64_t new)
{
    return __atomic_compare_exchange_n(&pg->type, old, new, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/* Leaves BUSY; nobody else changes the word in that state, so a store is enough. */
static void leave_busy(struct page_info *pg, uint64_t word)
{
    __atomic_store_n(&pg->type, word, __ATOMIC_SEQ_CST);
}

static void become_idle(struct page_info *pg, uint64_t type)
{
    leave_busy(pg, type | ((uint64_t)tlb_clock() << PGT_STAMP_SHIFT));
}

static void become_partial(struct page_info *pg, uint64_t type, unsigned n)
{
    /*
     * The state's own reference. It cannot overflow: the caller's was counted and we add one per
     * frame.
     */
    if (!page_get_again(pg))
        panic("reference count of frame %#lx is full", (unsigned long)page_to_mfn(pg));
    leave_busy(pg, type | PGT_PARTIAL | ((uint64_t)n << PGT_STAMP_SHIFT) | 1);
}

/* BUSY with [0, n) done, going down: to IDLE, or PARTIAL with -ERESTART. */
static int go_down(struct page_info *pg, uint64_t type, unsigned n, bool preemptible)
{
    int err = pt_drain(pg, type, &n, preemptible);

    if (err)
        become_partial(pg, type, n);
    else
        become_idle(pg, type);
    return err;
}

/*
 * BUSY with [0, n) done, going up: to VALID, PARTIAL with -ERESTART, or back to IDLE with the
 * error.
 */
static int go_up(struct page_info *pg, uint64_t type, unsigned n, bool preemptible)
{
    int err;

    if (type == PGT_DESC) {
        err = pv_validate_desc_page(pg);
        n = 0;
    } else {
        err = pt_fill(pg, type, &n, preemptible);
    }
    if (err == 0) {
        leave_busy(pg, type | PGT_VALIDATED | 1);
        return 0;
    }
    if (err == -ERESTART) {
        become_partial(pg, type, n);
        return err;
    }
    if (type == PGT_DESC)
        become_idle(pg, type);
    else if (go_down(pg, type, n, preemptible))
        pt_defer_undo(pg);
    return err;
}

/* Takes a PARTIAL frame over; true: it is BUSY in the caller's hands, *n is its progress. */
static bool take_partial(struct page_info *pg, uint64_t word, unsigned *n)
{
    *n = (word & PGT_STAMP_MASK) >> PGT_STAMP_SHIFT;
    return exchange(pg, &word, (word & PGT_TYPE_MASK) | 1);
}

int page_get_type(struct page_info *pg, uint64_t type, bool preemptible)
{
    bool checked = pgt_is_table(type) || type == PGT_DESC;
    unsigned n;
    int err;

    for (;;) {
        uint64_t x = __atomic_load_n(&pg->type, __ATOMIC_ACQUIRE);

        if ((x & PGT_COUNT_MASK) == 0) {
            uint64_t was = x & PGT_TYPE_MASK;
            bool foreign = was != type && was != PGT_NONE && flush_old_meaning(pg, x);

            if (!exchange(pg, &x, checked ? type | 1 : type | PGT_VALIDATED | 1))
                continue;
            if (checked && foreign)
                forget_foreign(pg);
            return checked ? go_up(pg, type, 0, preemptible) : 0;
        }
        if ((x & PGT_TYPE_MASK) != type)
            return -EBUSY;
        if (x & PGT_PARTIAL) {
            if (!take_partial(pg, x, &n))
                continue;
            err = go_up(pg, type, n, preemptible);
            page_put(pg);
            return err;
        }
        if (checked && !(x & PGT_VALIDATED)) {
            if (preemptible && softirq_any_pending())
                return -ERESTART;
            cpu_relax();
            continue;
        }
        if ((x & PGT_COUNT_MASK) == PGT_COUNT_MASK)
            return -EINVAL;
        if (exchange(pg, &x, x + 1))
            return 0;
    }
}

int page_put_type(struct page_info *pg, bool preemptible)
{
    for (;;) {
        uint64_t x = __atomic_load_n(&pg->type, __ATOMIC_ACQUIRE);
        uint64_t type = x & PGT_TYPE_MASK;

        if ((x & PGT_COUNT_MASK) == 0)
            panic("type count of frame %#lx (%#lx) below zero", (unsigned long)page_to_mfn(pg),
                  (unsigned long)x);
        if ((x & PGT_COUNT_MASK) > 1) {
            if (exchange(pg, &x, x - 1))
                return 0;
        } else if (pgt_is_table(type)) {
            if (exchange(pg, &x, type | 1))
                return go_down(pg, type, PT_ENTRIES, preemptible);
        } else if (exchange(pg, &x, type | ((uint64_t)tlb_clock() << PGT_STAMP_SHIFT))) {
            return 0;
        }
    }
}

int page_finish_undo(struct page_info *pg, bool preemptible)
{
    uint64_t x = __atomic_load_n(&pg->type, __ATOMIC_ACQUIRE);
    unsigned n;
    int err;

    if (!(x & PGT_PARTIAL) || !pgt_is_table(x) || !take_partial(pg, x, &n))
        return 0;
    err = go_down(pg, x & PGT_TYPE_MASK, n, preemptible);
    page_put(pg);
    return err;
}

int page_get_and_type(struct page_info *pg, struct domain *d, uint64_t type, bool preemptible)
{
    int err;

    if (!page_get_inline(pg, d))
        return -EPERM;
    if (page_get_type_again(pg, type))
        return 0;
    err = page_get_type(pg, type, preemptible);
    if (err)
        page_put(pg);
    return err;
}

int page_put_and_type(struct page_info *pg, bool preemptible)
{
    int err = page_put_type_again(pg) ? 0 : page_put_type(pg, preemptible);

    page_put_inline(pg);
    return err;
}
