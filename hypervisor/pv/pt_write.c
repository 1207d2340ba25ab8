/* SPDX-License-Identifier: MIT */
/* Changing entries of live page tables: mmu_update, update_va_mapping. */
#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/softirq.h"
#include "lib/errno.h"
#include "mm/m2p.h"
#include "public/mmu.h"
#include "pv/pt_leaf.h"

/*
 * Why no lock: an entry is changed by one atomic exchange, after the references of the new value
 * were taken and before those of the old are dropped. Whoever's exchange removed a value drops
 * its references, so two CPUs that write one entry at once each account for what they saw. The
 * processor changes accessed and dirty bits behind our back; the exchange fails and is repeated.
 * What must not happen meanwhile is that the table itself is undone: its typed reference,
 * held during the write (struct pt_table), prevents that.
 */

static bool exchange(uint64_t *entry, uint64_t *old, uint64_t new)
{
    return __atomic_compare_exchange_n(entry, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static int table_hold(struct pt_table *t, struct domain *d, uint64_t mfn, bool any)
{
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t x;

    t->pg = NULL;
    if (mfn >= max_mfn || !page_get_inline(pg, d))
        return -EINVAL;
    x = __atomic_load_n(&pg->type, __ATOMIC_ACQUIRE);
    while ((x & PGT_COUNT_MASK) && pgt_is_table(x) && (any || pgt_level(x) == 1)) {
        if (!(x & PGT_VALIDATED)) {
            /*
             * PARTIAL: between two halves of its owner's pinning or unpinning, no time to write to
             * it.
             */
            if (x & PGT_PARTIAL)
                break;
            cpu_relax();
            x = __atomic_load_n(&pg->type, __ATOMIC_ACQUIRE);
        } else if ((x & PGT_COUNT_MASK) == PGT_COUNT_MASK) {
            break;
        } else if (exchange(&pg->type, &x, x + 1)) {
            t->pg = pg;
            t->mfn = mfn;
            t->level = pgt_level(x);
            return 0;
        }
    }
    if (any && !((x & PGT_COUNT_MASK) && pgt_is_table(x)) &&
        page_get_type(pg, PGT_WRITABLE, false) == 0) {
        t->pg = pg;
        t->mfn = mfn;
        t->level = 0;
        return 0;
    }
    page_put_inline(pg);
    return -EINVAL;
}

int pt_table_hold(struct pt_table *t, struct domain *d, uint64_t mfn)
{
    return table_hold(t, d, mfn, true);
}

int pt_table_hold_l1(struct pt_table *t, struct domain *d, uint64_t mfn)
{
    return table_hold(t, d, mfn, false);
}

static inline void release(struct page_info *pg)
{
    if (page_put_type_again(pg))
        page_put_inline(pg);
    else if (page_put_and_type(pg, true))
        pt_defer_undo(pg);
}

void pt_table_release(struct pt_table *t)
{
    struct page_info *pg = t->pg;

    if (!pg)
        return;
    t->pg = NULL;
    release(pg);
}

/*
 * May `new` take the place of `old` with no reference to be had? Then it maps the same frame and
 * does not write to it more than before; if it writes no longer, a typed reference becomes free.
 */
static inline bool no_more_than(const struct domain *d, uint64_t new, uint64_t old)
{
    uint64_t same = d->privileged ? PTE_ADDR_MASK : PTE_ADDR_MASK | PTE_CACHE;

    return (old & PTE_PRESENT) && !((old ^ new) & same) && !(new & ~old & PTE_RW) &&
           !(new & pte_reserved());
}

static inline __attribute__((always_inline)) int
write_l1(struct domain *d, struct domain *fg, uint64_t *entry, uint64_t val, bool keep_ad,
         uint64_t *expect)
{
    uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED), new;
    bool counted = false; /* the references of val are ours */
    bool free;            /* it needs none */
    int err;

    for (;;) {
        if (expect && old != *expect) {
            *expect = old;
            err = -EAGAIN;
            break;
        }
        new = val;
        free = false;
        if (val & PTE_PRESENT) {
            if (!counted) {
                new = pte_fix_leaf(val);
                free = no_more_than(d, new, old);
                if (!free) {
                    err = pt_leaf_get(d, fg, &val, pte_reserved());
                    if (err)
                        return err;
                    counted = true;
                    new = val;
                }
            }
            if (keep_ad)
                new = (new & ~PTE_AD) | (old & PTE_AD);
        }
        if (exchange(entry, &old, new)) {
            if (!free)
                pt_leaf_put(old);
            else if (old & ~new & PTE_RW)
                pt_leaf_put_write(old);
            return 0;
        }
    }
    if (counted)
        pt_leaf_put(val);
    return err;
}

/*
 * Levels 2 to 4. The child is counted before the exchange, so a long validation is over before
 * anything changes.
 */
static int write_upper(struct pt_table *t, struct domain *d, unsigned slot, uint64_t *entry,
                       uint64_t val, bool keep_ad, uint64_t *expect)
{
    uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED), new = val;
    bool counted = false, same;
    int err = 0;

    if (t->level == 4 && l4_slot_is_ours(slot))
        return -EINVAL;
    for (;;) {
        if (expect && old != *expect) {
            *expect = old;
            err = -EAGAIN;
            break;
        }
        same = false;
        if (val & PTE_PRESENT) {
            same = !counted && (old & PTE_PRESENT) && !((old ^ val) & PTE_ADDR_MASK) &&
                   !(val & pte_reserved_table());
            if (same) {
                new = pte_fix_table(val);
            } else if (!counted) {
                new = val;
                err = pt_child_get(d, t->level, &new, true);
                if (err)
                    return err;
                val = new;
                counted = true;
            } else {
                new = val;
            }
            if (keep_ad)
                new = (new & ~PTE_AD) | (old & PTE_AD);
        }
        if (exchange(entry, &old, new)) {
            if (!same && pt_child_put(t->level, old, true))
                pt_defer_undo(mfn_to_page(pte_mfn(old)));
            return 0;
        }
    }
    if (counted && pt_child_put(t->level, val, true))
        pt_defer_undo(mfn_to_page(pte_mfn(val)));
    return err;
}

int pt_entry_write(struct pt_table *t, struct domain *d, struct domain *fg, unsigned slot,
                   uint64_t val, bool keep_ad, uint64_t *expect)
{
    uint64_t *entry = (uint64_t *)page_to_virt(t->pg) + slot;

    if (t->level == 1)
        return write_l1(d, fg, entry, val, keep_ad, expect);
    if (t->level == 0) {
        __atomic_store_n(entry, val, __ATOMIC_RELEASE);
        return 0;
    }
    return write_upper(t, d, slot, entry, val, keep_ad, expect);
}

/* As write_l1() of a table that is held, of a value made of the old one; false: nothing is written. */
static inline bool rewrite_l1(struct domain *d, uint64_t *entry, uint64_t keep, uint64_t set,
                              uint64_t *was)
{
    uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED), new;
    bool free;

    for (;;) {
        new = (old & keep) | set;
        free = false;
        if (new & PTE_PRESENT) {
            new = pte_fix_leaf(new);
            free = no_more_than(d, new, old);
            if (!free && pt_leaf_get(d, d, &new, pte_reserved()))
                return false;
        }
        *was = old;
        if (__builtin_expect(exchange(entry, &old, new), 1))
            break;
        if (!free)
            pt_leaf_put(new);
    }
    if (!free)
        pt_leaf_put(old);
    else if (old & ~new & PTE_RW)
        pt_leaf_put_write(old);
    return true;
}

struct pt_trapped pt_write_trapped(struct domain *d, uint64_t mfn, unsigned slot, uint64_t keep,
                                   uint64_t set)
{
    struct page_info *pg = mfn_to_page(mfn);
    struct pt_trapped t = { .done = false };

    if (mfn >= max_mfn || !page_get_inline(pg, d))
        return t;
    if (!page_get_type_again(pg, PGT_L1)) {
        page_put_inline(pg);
        return t;
    }
    t.done = rewrite_l1(d, (uint64_t *)mfn_to_virt(mfn) + slot, keep, set, &t.old);
    release(pg);
    return t;
}

static int set_m2p(struct domain *fg, uint64_t mfn, uint64_t pfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (mfn >= max_mfn || !page_get_inline(pg, fg))
        return -EINVAL;
    m2p_set(mfn, pfn);
    page_put_inline(pg);
    return 0;
}

static inline int mmu_update(struct pt_table *t, struct domain *pt_owner, struct domain *fg_owner,
                             uint64_t ptr, uint64_t val)
{
    uint64_t mfn = ptr >> PAGE_SHIFT;
    unsigned cmd = ptr & 7, slot = (ptr & (PAGE_SIZE - 1)) / 8;
    bool keep_ad = cmd == MMU_PT_UPDATE_PRESERVE_AD;
    int err;

    if (cmd == MMU_MACHPHYS_UPDATE)
        return set_m2p(fg_owner, mfn, val);
    if (cmd > MMU_PT_UPDATE_NO_TRANSLATE)
        return -EINVAL;
    if (!t->pg || t->mfn != mfn) {
        pt_table_release(t);
        err = pt_table_hold(t, pt_owner, mfn);
        if (err)
            return err;
    }
    if (__builtin_expect(t->level == 1, 1))
        return write_l1(pt_owner, fg_owner, (uint64_t *)mfn_to_virt(mfn) + slot, val, keep_ad,
                        NULL);
    return pt_entry_write(t, pt_owner, fg_owner, slot, val, keep_ad, NULL);
}

unsigned pt_mmu_update(struct pv_vcpu *v, struct pt_table *t, struct domain *pt_owner,
                       struct domain *fg_owner, const struct mmu_update *req, unsigned n, int *err)
{
    unsigned i;

    *err = 0;
    for (i = 0; i < n; i++) {
        *err = pt_finish_undo(v);
        if (*err == 0)
            *err = mmu_update(t, pt_owner, fg_owner, req[i].ptr, req[i].val);
        if (*err)
            break;
    }
    return i;
}

int pt_update_va(struct pv_vcpu *v, struct domain *fg_owner, uint64_t va, uint64_t val)
{
    struct domain *d = v->core.domain;
    struct pt_table t;
    struct pt_walk w;
    int err;

    if (va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)
        return -EINVAL;
    pt_walk(v, va, &w);
    if (!w.l1_mfn)
        return -EINVAL;
    err = pt_table_hold_l1(&t, d, w.l1_mfn);
    if (err)
        return err;
    err = pt_entry_write(&t, d, fg_owner, w.slot, val, false, NULL);
    pt_table_release(&t);
    return err;
}
