/* SPDX-License-Identifier: MIT */
/* Grant mappings in pv page tables: the entries through which a domain sees a granted frame. */
#include "core/domain.h"
#include "hw/cpu.h"
#include "lib/errno.h"
#include "public/grant_table.h"
#include "pv/pt_leaf.h"
#include "pv/ptype.h"

/*
 * An entry for a granted frame holds references like any other entry, beside those of the grant's
 * handle (core/grant_map). So it does not matter in which order the two go: a guest that overwrites
 * the entry only loses sight of the frame, one that names another entry when it unmaps clears that
 * one with what it held, and no writable entry ever outlives the typed count it stands for. The
 * flush between clearing the entry and dropping the handle's references is the grant code's.
 */

/* Holds the table and finds the entry that host_addr means. 0 or -EINVAL. */
static int find_entry(struct pv_vcpu *v, uint64_t host_addr, bool contains_pte, struct pt_table *t,
                      unsigned *slot)
{
    struct pt_walk w;

    if (contains_pte) {
        if (host_addr & 7)
            return -EINVAL;
        *slot = (host_addr & (PAGE_SIZE - 1)) / 8;
        return pt_table_hold_l1(t, v->core.domain, host_addr >> PAGE_SHIFT);
    }
    if (host_addr & (PAGE_SIZE - 1))
        return -EINVAL;
    pt_walk(v, host_addr, &w);
    if (!w.l1_mfn)
        return -EINVAL;
    *slot = w.slot;
    return pt_table_hold_l1(t, v->core.domain, w.l1_mfn);
}

static uint64_t *entry_at(const struct pt_table *t, unsigned slot)
{
    return (uint64_t *)page_to_virt(t->pg) + slot;
}

/* The bits for the guest's own use that came with the request, where the processor ignores them. */
static uint64_t avail_bits(uint32_t flags)
{
    return ((uint64_t)(flags >> _GNTMAP_guest_avail0) << 9) & PTE_AVAIL;
}

/* The entry's own references, while the handle's keep the frame in place. 0 or -errno. */
static int hold_granted(struct page_info *pg, bool writable)
{
    int err;

    if (!page_get_again(pg))
        return -EBUSY;
    err = writable ? page_get_type(pg, PGT_WRITABLE, false) : 0;
    if (err)
        page_put(pg);
    else
        pt_mark_foreign(pg);
    return err;
}

int pt_grant_map(struct vcpu *vcpu, uint64_t host_addr, uint64_t mfn, uint32_t flags)
{
    struct pv_vcpu *v = to_pv_vcpu(vcpu);
    uint64_t new = (mfn << PAGE_SHIFT) | PTE_PRESENT | PTE_USER | PTE_AD | avail_bits(flags);
    struct pt_table t;
    unsigned slot;
    int err;

    if (!(flags & GNTMAP_readonly))
        new |= PTE_RW;
    if (cpu_features.nx)
        new |= PTE_NX;
    err = find_entry(v, host_addr, flags & GNTMAP_contains_pte, &t, &slot);
    if (err)
        return err;
    err = hold_granted(mfn_to_page(mfn), new & PTE_RW);
    if (err == 0)
        pt_leaf_put(__atomic_exchange_n(entry_at(&t, slot), new, __ATOMIC_SEQ_CST));
    pt_table_release(&t);
    return err;
}

/*
 * Takes the entry at new_addr away from there, references and all, to put it where the grant was.
 * 0 and *val (0 for new_addr 0), or -EINVAL.
 */
static int take_replacement(struct pv_vcpu *v, uint64_t new_addr, uint64_t *val)
{
    struct pt_table t;
    unsigned slot;
    int err;

    *val = 0;
    if (!new_addr)
        return 0;
    err = find_entry(v, new_addr, false, &t, &slot);
    if (err)
        return err;
    *val = __atomic_exchange_n(entry_at(&t, slot), 0, __ATOMIC_SEQ_CST);
    pt_table_release(&t);
    return 0;
}

static bool maps_frame(uint64_t e, uint64_t mfn)
{
    return (e & PTE_PRESENT) && pte_mfn(e) == mfn;
}

int pt_grant_unmap(struct vcpu *vcpu, uint64_t host_addr, uint64_t mfn, uint32_t flags,
                   uint64_t new_addr)
{
    struct pv_vcpu *v = to_pv_vcpu(vcpu);
    struct pt_table t;
    uint64_t *entry, old, val;
    unsigned slot;
    int err;

    if (new_addr && (flags & GNTMAP_contains_pte))
        return -EINVAL;
    err = find_entry(v, host_addr, flags & GNTMAP_contains_pte, &t, &slot);
    if (err)
        return err;
    entry = entry_at(&t, slot);
    old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    err = maps_frame(old, mfn) ? take_replacement(v, new_addr, &val) : -EINVAL;
    if (err == 0) {
        while (maps_frame(old, mfn) &&
               !__atomic_compare_exchange_n(entry, &old, val, false, __ATOMIC_SEQ_CST,
                                            __ATOMIC_RELAXED))
            ;
        /*
         * Another vcpu overwrote the entry since: what was taken has no place, its references go.
         */
        if (!maps_frame(old, mfn))
            err = -EINVAL;
        pt_leaf_put(err ? val : old);
    }
    pt_table_release(&t);
    return err;
}
