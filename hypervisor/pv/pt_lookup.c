/* SPDX-License-Identifier: MIT */
/* Walking the page tables of the guest that runs now. */
#include "core/domain.h"
#include "pv/pt_entry.h"
#include "pv/pv.h"

void pt_walk(struct pv_vcpu *v, uint64_t va, struct pt_walk *w)
{
    pt_walk_inline(v, va, w);
}

uint64_t pt_lookup(struct pv_vcpu *v, uint64_t va)
{
    struct pt_walk w;

    pt_walk(v, va, &w);
    return w.entry;
}
