/* SPDX-License-Identifier: MIT */
/* Walking the page tables of the guest that runs now. */
#include "core/domain.h"
#include "pv/pt_entry.h"
#include "pv/pv.h"

/*
 * The tables hang on a root that v holds, but another vcpu may detach one of them while we look. What
 * is read then is some frame's contents: nothing is trusted but that the frame is RAM, which
 * makes the read itself safe; who wants to write to the table found takes a typed reference first.
 */
static const uint64_t *table_at(uint64_t mfn)
{
    return mfn_is_ram(mfn) ? mfn_to_virt(mfn) : NULL;
}

void pt_walk(struct pv_vcpu *v, uint64_t va, struct pt_walk *w)
{
    uint64_t mfn = v->kernel_mode ? v->cr3_kernel : v->cr3_user;
    uint64_t all = PTE_RW, any = 0;

    *w = (struct pt_walk){ 0 };
    if ((uint64_t)((int64_t)(va << 16) >> 16) != va)
        return;
    for (unsigned shift = L4_SLOT_SHIFT; mfn; shift -= 9) {
        const uint64_t *table = table_at(mfn);
        unsigned slot = (va >> shift) % PT_ENTRIES;
        uint64_t e;

        if (!table || (shift == L4_SLOT_SHIFT && l4_slot_is_ours(slot)))
            return;
        e = __atomic_load_n(table + slot, __ATOMIC_RELAXED);
        all &= e;
        any |= e;
        if (shift == PAGE_SHIFT) {
            w->l1_mfn = mfn;
            w->slot = slot;
            w->entry = e;
            w->writable = all & PTE_RW;
            w->nx = any & PTE_NX;
            return;
        }
        if (!(e & PTE_PRESENT) || (e & PTE_PSE))
            return;
        mfn = pte_mfn(e);
    }
}

uint64_t pt_lookup(struct pv_vcpu *v, uint64_t va)
{
    struct pt_walk w;

    pt_walk(v, va, &w);
    return w.entry;
}
