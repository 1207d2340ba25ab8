/* SPDX-License-Identifier: MIT */
/* The references of one level-1 entry: what every mapping costs, so it is inline. */
#ifndef PV_PT_LEAF_H
#define PV_PT_LEAF_H

#include "lib/errno.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"

/*
 * A frame that is no RAM of ours to count: device memory. d must have been given it, except that a
 * privileged domain may look, read-only, at device frames we keep (IO-APIC, HPET): Linux maps
 * some of them on the way up, and reading them does no harm. Its writes are discarded (ptwr.c).
 * 0; 1: without PTE_RW; -errno.
 */
int pt_leaf_get_io(struct domain *d, struct domain *fg, uint64_t mfn);

/*
 * References of one present leaf entry of a table owned by d, naming a frame of `fg` (d itself,
 * another domain that d controls, or dom_io). *e is corrected (fixes, attributes). 0 or -errno.
 * `reserved` is pte_reserved(), read once for a whole table.
 */
static inline __attribute__((always_inline)) int
pt_leaf_get(struct domain *d, struct domain *fg, uint64_t *e, uint64_t reserved)
{
    uint64_t entry = pte_fix_leaf(*e), mfn = pte_mfn(entry);
    struct page_info *pg = mfn_to_page(mfn);

    if (__builtin_expect((entry & reserved) != 0, 0))
        return -EINVAL;
    if (__builtin_expect(mfn >= max_mfn || pg->owner != fg, 0)) {
        int io = pt_leaf_get_io(d, fg, mfn);

        if (io < 0)
            return io;
        *e = io ? entry & ~PTE_RW : entry;
        return 0;
    }
    /* RAM is cached write-back, whatever a domain without devices says. */
    if (!d->privileged)
        entry &= ~PTE_CACHE;
    if (entry & PTE_RW) {
        if (__builtin_expect(!page_get_writable(pg, fg), 0))
            return -EBUSY;
    } else if (__builtin_expect(!page_get_inline(pg, fg), 0)) {
        return -EINVAL;
    }
    if (__builtin_expect(fg != d, 0))
        pt_mark_foreign(pg);
    *e = entry;
    return 0;
}

/* Drops those of any entry that was in a validated table. */
static inline void pt_leaf_put(uint64_t entry)
{
    uint64_t mfn = pte_mfn(entry);
    struct page_info *pg = mfn_to_page(mfn);

    if (!(entry & PTE_PRESENT))
        return;
    /* A frame without an owner is device memory: one that we hold a reference of has an owner. */
    if (__builtin_expect(mfn >= max_mfn || pg->owner == NULL, 0))
        return;
    if (entry & PTE_RW)
        page_put_writable(pg);
    else
        page_put_inline(pg);
}

/* Only the typed reference of an entry with RW: it has become one without. */
static inline void pt_leaf_put_write(uint64_t e)
{
    struct page_info *pg = mfn_to_page(pte_mfn(e));

    if (pte_mfn(e) < max_mfn && pg->owner && !page_put_type_again(pg))
        page_put_type(pg, false);
}

#endif
