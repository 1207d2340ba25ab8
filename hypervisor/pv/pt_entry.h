/* SPDX-License-Identifier: MIT */
/* What we require of a guest's page-table entries and what we make of them: the one place. */
#ifndef PV_PT_ENTRY_H
#define PV_PT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/layout.h"
#include "mm/frame.h"
#include "pv/pagetable.h"
#include "pv/pv.h"

#define PTE_CACHE (PTE_PWT | PTE_PCD | PTE_PAT) /* PAT: bit 7 of a level-1 entry */
#define PTE_AD (PTE_ACCESSED | PTE_DIRTY)

static inline uint64_t pte_mfn(uint64_t e) { return (e & PTE_ADDR_MASK) >> PAGE_SHIFT; }

static inline uint64_t pte_reserved(void) { return cpu_features.pte_reserved; }
/* In tables of level 2 to 4 bit 7 asks for a superpage (or is reserved): we offer none. */
static inline uint64_t pte_reserved_table(void) { return pte_reserved() | PTE_PSE; }

/*
 * The guest's kernel runs in ring 3 beside its user mode; what keeps the two apart is that they
 * have different top-level tables, not U/S. So every present entry gets U/S set. Guest entries
 * are never global: a CR3 write is then a complete flush of what a guest can own (hw/tlb.h).
 */
static inline uint64_t pte_fix_leaf(uint64_t e) { return (e | PTE_USER) & ~PTE_GLOBAL; }
static inline uint64_t pte_fix_table(uint64_t e) { return e | PTE_USER; }

/* Top-level slots that the guest does not own. */
static inline bool l4_slot_is_ours(unsigned slot)
{
    return slot - HV_FIRST_SLOT <= HV_LAST_SLOT - HV_FIRST_SLOT;
}

/* Another domain maps the frame: from now on flushes for it reach further (ptype.c). */
static inline void pt_mark_foreign(struct page_info *pg)
{
    if (!(__atomic_load_n(&pg->count, __ATOMIC_RELAXED) & PGC_FOREIGN))
        __atomic_fetch_or(&pg->count, PGC_FOREIGN, __ATOMIC_SEQ_CST);
}

/*
 * The references of an entry of a table of `level` 2..4 (of level 1: pt_leaf.h): the child table.
 * pt_child_get corrects *e.
 */
int pt_child_get(struct domain *d, unsigned level, uint64_t *e, bool preemptible);
int pt_child_put(unsigned level, uint64_t e, bool preemptible);

/*
 * Walks a table of `type` whose entries [0, *n) hold references: pt_fill upwards to its end,
 * pt_drain downwards to 0. -ERESTART: preempted; *n is up to date. pt_fill: other errors mean that
 * entry *n is refused. The caller has made the table its own (ptype.c: BUSY).
 */
int pt_fill(struct page_info *pg, uint64_t type, unsigned *n, bool preemptible);
int pt_drain(struct page_info *pg, uint64_t type, unsigned *n, bool preemptible);

/*
 * One live table, held so that entries may be written: a typed reference, or, where the frame is
 * no table at present, a writable one (level 0: the write is an ordinary store).
 */
struct pt_table {
    struct page_info *pg; /* NULL: none is held */
    uint64_t mfn;
    unsigned level;
};
/* 0; -EINVAL; -ERESTART. */
int pt_table_hold(struct pt_table *t, struct domain *d, uint64_t mfn);
/* As above, but only if it is a validated table of level 1. */
int pt_table_hold_l1(struct pt_table *t, struct domain *d, uint64_t mfn);
void pt_table_release(struct pt_table *t);
/*
 * Writes entry `slot` of a held table. keep_ad: accessed and dirty bits stay as they are. expect
 * (may be NULL): only if the entry still reads so, else -EAGAIN and the present value there.
 * 0 or -errno (-ERESTART: nothing was written).
 */
int pt_entry_write(struct pt_table *t, struct domain *d, struct domain *fg, unsigned slot,
                   uint64_t val, bool keep_ad, uint64_t *expect);

/*
 * A write that trapped, of ((the entry & keep) | set) to `slot` of table mfn. Not done: nothing has
 * changed; it is no validated level-1 table, or the entry is not to be had this way.
 */
struct pt_trapped {
    uint64_t old;
    bool done;
};
struct pt_trapped pt_write_trapped(struct domain *d, uint64_t mfn, unsigned slot, uint64_t keep,
                                   uint64_t set);

/* A walk of the address space that v runs in now. */
struct pt_walk {
    uint64_t l1_mfn;  /* the level-1 table; 0: there is none */
    uint64_t entry;   /* as read; 0 without a table: the rest is then undefined */
    unsigned slot;    /* in the table */
    bool writable;    /* RW is set at every level */
    bool nx;          /* NX is set at some level */
};
void pt_walk(struct pv_vcpu *v, uint64_t va, struct pt_walk *w);

/*
 * The tables hang on a root that v holds, but another vcpu may detach one of them while we look.
 * What is read then is the contents of some frame of the domain: nothing else is trusted, which
 * makes the read itself safe; who wants to write to the table found takes a typed reference first.
 */
static inline bool pt_step(const struct domain *d, uint64_t entry, unsigned slot, uint64_t *next)
{
    uint64_t mfn = pte_mfn(entry);

    if (!(entry & PTE_PRESENT) || mfn >= max_mfn || mfn_to_page(mfn)->owner != d)
        return false;
    *next = __atomic_load_n((const uint64_t *)mfn_to_virt(mfn) + slot, __ATOMIC_RELAXED);
    return true;
}

static inline unsigned pt_slot_of(uint64_t va, unsigned shift)
{
    return (va >> shift) % PT_ENTRIES;
}

/* pt_walk() where it has to be quick: on the way of every write fault. */
static inline __attribute__((always_inline)) void
pt_walk_inline(struct pv_vcpu *v, uint64_t va, struct pt_walk *w)
{
    const struct domain *d = v->core.domain;
    uint64_t root = v->kernel_mode ? v->cr3_kernel : v->cr3_user, l4, l3, l2;

    w->l1_mfn = w->entry = 0;
    if (l4_slot_is_ours(pt_slot_of(va, L4_SLOT_SHIFT)) ||
        (uint64_t)((int64_t)(va << 16) >> 16) != va)
        return;
    /* The root is referenced as long as v has it. */
    if (!root)
        return;
    l4 = __atomic_load_n((const uint64_t *)mfn_to_virt(root) + pt_slot_of(va, L4_SLOT_SHIFT),
                         __ATOMIC_RELAXED);
    w->slot = pt_slot_of(va, PAGE_SHIFT);
    if (!pt_step(d, l4, pt_slot_of(va, L3_PAGE_SHIFT), &l3) ||
        !pt_step(d, l3, pt_slot_of(va, L2_PAGE_SHIFT), &l2) || !pt_step(d, l2, w->slot, &w->entry))
        return;
    w->l1_mfn = pte_mfn(l2);
    w->writable = l4 & l3 & l2 & w->entry & PTE_RW;
    w->nx = (l4 | l3 | l2 | w->entry) & PTE_NX;
}

/* Finishes what v's earlier operations left to undo. 0 or -ERESTART. */
int pt_finish_undo_slow(struct pv_vcpu *v);
static inline int pt_finish_undo(struct pv_vcpu *v)
{
    return __builtin_expect(v->pt_undo_count != 0, 0) ? pt_finish_undo_slow(v) : 0;
}

#endif
