/* SPDX-License-Identifier: MIT */
/* mmu_update and update_va_mapping: a guest changes entries of its page tables. */
#include "core/guest_access.h"
#include "hcall/batch.h"
#include "hcall/continuation.h"
#include "hcall/foreign.h"
#include "hcall/handlers.h"
#include "hcall/vcpumask.h"
#include "hw/softirq.h"
#include "hw/tlb.h"
#include "public/mmu.h"
#include "pv/pt_entry.h"

/* Requests copied at a time: most batches of a kernel are shorter than this. */
#define REQUESTS 16

/* foreigndom: low half whose frames, high half (if not 0) whose tables, plus one. */
static int resolve_owners(unsigned long foreigndom, struct domain **pt_owner,
                          struct domain **fg_owner)
{
    unsigned pt = (foreigndom >> 16) & 0xffff;
    int err = 0;

    *pt_owner = current->domain;
    if (pt)
        err = domain_for_memory(pt - 1, pt_owner);
    return err ? err : domain_for_frames(foreigndom & 0xffff, fg_owner);
}

static unsigned run_batch(struct guest_ptr reqs, unsigned count, unsigned long foreigndom, int *err)
{
    struct domain *pt_owner, *fg_owner;
    struct mmu_update req[REQUESTS];
    struct pt_table t = { 0 };
    unsigned done = 0;

    *err = resolve_owners(foreigndom, &pt_owner, &fg_owner);
    if (*err)
        return 0;
    while (done < count) {
        unsigned n = count - done < REQUESTS ? count - done : REQUESTS, ran;

        *err = copy_from_guest(req, guest_ptr_at(reqs, done, sizeof(*req)), n * sizeof(*req));
        if (*err)
            break;
        ran = pt_mmu_update(current_pv, &t, pt_owner, fg_owner, req, n, err);
        done += ran;
        if (ran < n)
            break;
        if (done < count && softirq_any_pending()) {
            *err = -ERESTART;
            break;
        }
    }
    pt_table_release(&t);
    return done;
}

long hc_mmu_update(unsigned long reqs, unsigned long count, unsigned long done_out,
                   unsigned long foreigndom)
{
    return batch_call(run_batch, sizeof(struct mmu_update), reqs, count, done_out, foreigndom);
}

/* The flush that a call of update_va_mapping asks for. 0 or -EFAULT, -EINVAL. */
static int flush_after(unsigned long va, unsigned long flags)
{
    struct domain *d = current->domain;
    unsigned long how = flags & UVMF_FLUSHTYPE_MASK;
    unsigned long whom = flags & ~UVMF_FLUSHTYPE_MASK;
    struct cpumask mask;
    int err;

    if (how == UVMF_NONE)
        return 0;
    if (how != UVMF_TLB_FLUSH && how != UVMF_INVLPG)
        return -EINVAL;
    if (whom == UVMF_LOCAL) {
        if (how == UVMF_TLB_FLUSH)
            tlb_flush_local();
        else
            tlb_flush_local_one(va);
        return 0;
    }
    mask = d->dirty_cpumask;
    if (whom != UVMF_ALL) {
        err = vcpumask_to_cpus(d, guest_ptr(whom), &mask);
        if (err)
            return err;
    }
    if (how == UVMF_TLB_FLUSH)
        tlb_flush_mask(&mask);
    else
        tlb_flush_mask_one(&mask, va);
    return 0;
}

static long update_va(unsigned long va, unsigned long val, unsigned long flags,
                      struct domain *fg_owner)
{
    struct pv_vcpu *v = current_pv;
    int err = pt_finish_undo(v), flush_err;

    if (err == 0)
        err = pt_update_va(v, fg_owner, va, val);
    if (err == -ERESTART)
        return hcall_restart(0, 0, 0, 0, 0);
    flush_err = flush_after(va, flags);
    return err ? err : flush_err;
}

long hc_update_va_mapping(unsigned long va, unsigned long val, unsigned long flags)
{
    return update_va(va, val, flags, current->domain);
}

long hc_update_va_mapping_otherdomain(unsigned long va, unsigned long val, unsigned long flags,
                                      unsigned long domid)
{
    struct domain *fg_owner;
    int err = domain_for_frames(domid, &fg_owner);

    return err ? err : update_va(va, val, flags, fg_owner);
}
