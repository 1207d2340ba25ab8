/* SPDX-License-Identifier: MIT */
/* The references that page-table entries hold: taking and dropping them, and whole tables of them. */
#include "core/domain.h"
#include "core/iocap.h"
#include "hw/softirq.h"
#include "lib/errno.h"
#include "mm/hostmap.h"
#include "pv/pt_leaf.h"
#include "pv/ptype.h"

#define unlikely(x) __builtin_expect(!!(x), 0)

int pt_leaf_get_io(struct domain *d, struct domain *fg, uint64_t mfn)
{
    if (mfn_is_ram(mfn) || (fg != d && fg != dom_io))
        return -EINVAL;
    if (iocap_mfn_ok(d, mfn, mfn))
        return 0;
    return d->privileged ? 1 : -EPERM;
}

static uint64_t level_type(unsigned level)
{
    return PGT_L1 * level;
}

int pt_child_get(struct domain *d, unsigned level, uint64_t *e, bool preemptible)
{
    uint64_t mfn = pte_mfn(*e);
    int err;

    /* Only RAM has an owner, so the reference below answers whether it is RAM. */
    if ((*e & pte_reserved_table()) || mfn >= max_mfn)
        return -EINVAL;
    err = page_get_and_type(mfn_to_page(mfn), d, level_type(level - 1), preemptible);
    if (err == 0)
        *e = pte_fix_table(*e);
    return err;
}

int pt_child_put(unsigned level, uint64_t e, bool preemptible)
{
    (void)level;
    return e & PTE_PRESENT ? page_put_and_type(mfn_to_page(pte_mfn(e)), preemptible) : 0;
}

/* Most entries of most tables are empty: eight at a time are passed over. */
static inline bool eight_empty(const uint64_t *t)
{
    return (t[0] | t[1] | t[2] | t[3] | t[4] | t[5] | t[6] | t[7]) == 0;
}

/* 512 entries are done without a look at the clock: some ten microseconds. */
static int fill_l1(struct page_info *pg, unsigned *n)
{
    struct domain *d = pg->owner;
    uint64_t *table = page_to_virt(pg), reserved = pte_reserved();
    unsigned i = *n;

    while (i < PT_ENTRIES) {
        uint64_t e = table[i];
        int err;

        if (e == 0 && i % 8 == 0 && eight_empty(table + i)) {
            i += 8;
            continue;
        }
        if (e & PTE_PRESENT) {
            err = pt_leaf_get(d, d, &e, reserved);
            if (unlikely(err)) {
                *n = i;
                return err;
            }
            if (e != table[i])
                table[i] = e;
        }
        i++;
    }
    *n = i;
    return 0;
}

static void drain_l1(struct page_info *pg, unsigned *n)
{
    const uint64_t *table = page_to_virt(pg);
    unsigned i = *n;

    while (i > 0) {
        if (i % 8 == 0 && table[i - 1] == 0 && eight_empty(table + i - 8)) {
            i -= 8;
            continue;
        }
        pt_leaf_put(table[--i]);
    }
    *n = 0;
}

static bool stop_here(bool preemptible)
{
    return preemptible && softirq_any_pending();
}

int pt_fill(struct page_info *pg, uint64_t type, unsigned *n, bool preemptible)
{
    struct domain *d = pg->owner;
    uint64_t *table = page_to_virt(pg);
    unsigned level = pgt_level(type), i;

    if (level == 1)
        return fill_l1(pg, n);
    for (i = *n; i < PT_ENTRIES; i++) {
        uint64_t e = table[i];
        int err;

        if (e == 0 && i % 8 == 0 && eight_empty(table + i)) {
            i += 7;
            continue;
        }
        if (!(e & PTE_PRESENT) || (level == 4 && l4_slot_is_ours(i)))
            continue;
        err = pt_child_get(d, level, &e, preemptible);
        if (err) {
            *n = i;
            return err;
        }
        table[i] = e;
        if (stop_here(preemptible)) {
            *n = i + 1;
            return -ERESTART;
        }
    }
    *n = PT_ENTRIES;
    if (level == 4)
        host_fill_l4(table);
    return 0;
}

/*
 * Entry n itself holds nothing, but where the work stopped inside its child, the child is PARTIAL
 * and on nobody's mind but ours. It may also be an entry that was never looked at; so nothing about
 * it is taken on trust.
 */
static int finish_child(struct page_info *pg, unsigned level, unsigned n, bool preemptible)
{
    const uint64_t *table = page_to_virt(pg);
    struct page_info *child;
    int err = 0;

    if (n >= PT_ENTRIES || !(table[n] & PTE_PRESENT) || !mfn_is_ram(pte_mfn(table[n])) ||
        (level == 4 && l4_slot_is_ours(n)))
        return 0;
    child = mfn_to_page(pte_mfn(table[n]));
    if (!page_get_inline(child, pg->owner))
        return 0;
    if (pgt_level(__atomic_load_n(&child->type, __ATOMIC_ACQUIRE)) == level - 1)
        err = page_finish_undo(child, preemptible);
    page_put_inline(child);
    return err;
}

int pt_drain(struct page_info *pg, uint64_t type, unsigned *n, bool preemptible)
{
    uint64_t *table = page_to_virt(pg);
    unsigned level = pgt_level(type);
    int err;

    if (level == 1) {
        drain_l1(pg, n);
        return 0;
    }
    err = finish_child(pg, level, *n, preemptible);
    while (err == 0 && *n > 0) {
        unsigned i = *n - 1;

        if (i % 8 == 7 && table[i] == 0 && eight_empty(table + i - 7)) {
            *n = i - 7;
            continue;
        }
        if ((table[i] & PTE_PRESENT) && !(level == 4 && l4_slot_is_ours(i))) {
            /* Preempted: the child, at i, is what finish_child() will come back to. */
            err = pt_child_put(level, table[i], preemptible);
            if (err == 0 && i > 0 && stop_here(preemptible))
                err = -ERESTART;
        }
        *n = i;
    }
    if (err == 0 && level == 4)
        for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
            table[i] = 0;
    return err;
}
