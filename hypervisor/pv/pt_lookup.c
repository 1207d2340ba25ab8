/* SPDX-License-Identifier: MIT */
/* Walking the page tables of the guest that runs now. */
#include "core/domain.h"
#include "pv/pt_entry.h"
#include "pv/pv.h"

/*
 * The tables hang on a root that v holds, but another vcpu may detach one of them while we look.
 * What is read then is the contents of some frame of the domain: nothing else is trusted, which
 * makes the read itself safe; who wants to write to the table found takes a typed reference first.
 */
static inline bool step(const struct domain *d, uint64_t mfn, unsigned slot, uint64_t *entry)
{
    if (mfn >= max_mfn || mfn_to_page(mfn)->owner != d)
        return false;
    *entry = __atomic_load_n((const uint64_t *)mfn_to_virt(mfn) + slot, __ATOMIC_RELAXED);
    return true;
}

static inline unsigned slot_of(uint64_t va, unsigned shift)
{
    return (va >> shift) % PT_ENTRIES;
}

/* On the way of every write fault, so it is spelt out. */
void pt_walk(struct pv_vcpu *v, uint64_t va, struct pt_walk *w)
{
    const struct domain *d = v->core.domain;
    uint64_t root = v->kernel_mode ? v->cr3_kernel : v->cr3_user, l4, l3, l2;

    w->l1_mfn = w->entry = 0;
    if (l4_slot_is_ours(slot_of(va, L4_SLOT_SHIFT)) ||
        (uint64_t)((int64_t)(va << 16) >> 16) != va ||
        !step(d, root, slot_of(va, L4_SLOT_SHIFT), &l4) || !(l4 & PTE_PRESENT) ||
        !step(d, pte_mfn(l4), slot_of(va, L3_PAGE_SHIFT), &l3) || !(l3 & PTE_PRESENT) ||
        !step(d, pte_mfn(l3), slot_of(va, L2_PAGE_SHIFT), &l2) || !(l2 & PTE_PRESENT))
        return;
    w->slot = slot_of(va, PAGE_SHIFT);
    if (!step(d, pte_mfn(l2), w->slot, &w->entry))
        return;
    w->l1_mfn = pte_mfn(l2);
    w->writable = l4 & l3 & l2 & w->entry & PTE_RW;
    w->nx = (l4 | l3 | l2 | w->entry) & PTE_NX;
}

uint64_t pt_lookup(struct pv_vcpu *v, uint64_t va)
{
    struct pt_walk w;

    pt_walk(v, va, &w);
    return w.entry;
}
