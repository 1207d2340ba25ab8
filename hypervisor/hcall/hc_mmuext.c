/* SPDX-License-Identifier: MIT */
/* mmuext_op: pins, roots, flushes and the other extended page-table operations. */
#include "core/guest_access.h"
#include "hcall/batch.h"
#include "hcall/foreign.h"
#include "hcall/handlers.h"
#include "hcall/vcpumask.h"
#include "hw/clear.h"
#include "hw/ipi.h"
#include "hw/softirq.h"
#include "hw/tlb.h"
#include "lib/string.h"
#include "public/mmu.h"
#include "pv/descriptor.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"

int vcpumask_to_cpus(struct domain *d, struct guest_ptr bitmap, struct cpumask *out)
{
    uint8_t bits[(MAX_VCPUS + 7) / 8] = { 0 };
    struct vcpu *v;
    unsigned i;

    if (copy_from_guest(bits, bitmap, (d->max_vcpus + 7) / 8))
        return -EFAULT;
    cpumask_zero(out);
    for_each_vcpu(d, v, i) {
        unsigned long cpu = __atomic_load_n(&v->dirty_cpu, __ATOMIC_ACQUIRE);

        if ((bits[i / 8] >> (i % 8) & 1) && cpu < MAX_CPUS)
            bitmap_set(out->bits, cpu);
    }
    return 0;
}

static int flush_multi(struct domain *d, const struct mmuext_op *op, bool one)
{
    struct cpumask mask;
    int err = vcpumask_to_cpus(d, guest_ptr(op->arg2.vcpumask), &mask);

    if (err)
        return err;
    if (one)
        tlb_flush_mask_one(&mask, op->arg1.linear_addr);
    else
        tlb_flush_mask(&mask);
    return 0;
}

static void wbinvd_here(void *unused)
{
    __asm__ volatile("wbinvd" ::: "memory");
}

/* Only a domain with devices can have made caches and memory disagree. */
static int flush_cache(bool everywhere)
{
    if (!access_platform(current->domain))
        return everywhere ? -EINVAL : -EPERM;
    if (everywhere)
        ipi_call(&cpu_online_mask, wbinvd_here, NULL, true);
    else
        wbinvd_here(NULL);
    return 0;
}

/*
 * The frames are the guest's own to write; the type reference keeps them from being tables
 * meanwhile.
 */
static int clear_page(struct domain *d, uint64_t mfn)
{
    if (!mfn_is_ram(mfn) || !page_get_writable(mfn_to_page(mfn), d))
        return -EINVAL;
    clear_frames(mfn_to_virt(mfn), PAGE_SIZE);
    page_put_writable(mfn_to_page(mfn));
    return 0;
}

static int copy_page(struct domain *d, uint64_t dst, uint64_t src)
{
    int err = -EINVAL;

    if (!mfn_is_ram(src) || !page_get_inline(mfn_to_page(src), d))
        return -EINVAL;
    if (mfn_is_ram(dst) && page_get_writable(mfn_to_page(dst), d)) {
        memmove(mfn_to_virt(dst), mfn_to_virt(src), PAGE_SIZE);
        page_put_writable(mfn_to_page(dst));
        err = 0;
    }
    page_put_inline(mfn_to_page(src));
    return err;
}

static int set_ldt(struct pv_vcpu *v, uint64_t base, uint32_t entries)
{
    if ((base & (PAGE_SIZE - 1)) || entries > 8192)
        return -EINVAL;
    return pv_set_ldt(v, base, entries);
}

/* One operation; `fg` is whose frames are pinned or changed, all else acts on the caller. */
static int run_op(struct pv_vcpu *v, struct domain *fg, const struct mmuext_op *op)
{
    struct domain *d = v->core.domain;

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE: return pt_pin(fg, op->arg1.mfn, PGT_L1);
    case MMUEXT_PIN_L2_TABLE: return pt_pin(fg, op->arg1.mfn, PGT_L2);
    case MMUEXT_PIN_L3_TABLE: return pt_pin(fg, op->arg1.mfn, PGT_L3);
    case MMUEXT_PIN_L4_TABLE: return pt_pin(fg, op->arg1.mfn, PGT_L4);
    case MMUEXT_UNPIN_TABLE: return pt_unpin(fg, op->arg1.mfn);
    case MMUEXT_NEW_BASEPTR: return pt_new_kernel_root(v, op->arg1.mfn);
    case MMUEXT_NEW_USER_BASEPTR: return pt_new_user_root(v, op->arg1.mfn);
    case MMUEXT_TLB_FLUSH_LOCAL: tlb_flush_local(); return 0;
    case MMUEXT_INVLPG_LOCAL: tlb_flush_local_one(op->arg1.linear_addr); return 0;
    case MMUEXT_TLB_FLUSH_MULTI: return flush_multi(d, op, false);
    case MMUEXT_INVLPG_MULTI: return flush_multi(d, op, true);
    case MMUEXT_TLB_FLUSH_ALL: tlb_flush_mask(&d->dirty_cpumask); return 0;
    case MMUEXT_INVLPG_ALL:
        tlb_flush_mask_one(&d->dirty_cpumask, op->arg1.linear_addr);
        return 0;
    case MMUEXT_FLUSH_CACHE: return flush_cache(false);
    case MMUEXT_FLUSH_CACHE_GLOBAL: return flush_cache(true);
    case MMUEXT_SET_LDT: return set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    case MMUEXT_CLEAR_PAGE: return clear_page(fg, op->arg1.mfn);
    case MMUEXT_COPY_PAGE: return copy_page(fg, op->arg1.mfn, op->arg2.src_mfn);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER: return -EOPNOTSUPP;
    default: return -ENOSYS;
    }
}

static unsigned run_ops(struct guest_ptr ops, unsigned count, unsigned long foreigndom, int *err)
{
    struct pv_vcpu *v = current_pv;
    struct mmuext_op op;
    struct domain *fg;
    unsigned i;

    *err = domain_for_memory(foreigndom & 0xffff, &fg);
    if (*err)
        return 0;
    for (i = 0; i < count; i++) {
        *err = i && softirq_any_pending() ? -ERESTART : pt_finish_undo(v);
        if (*err == 0)
            *err = copy_from_guest(&op, guest_ptr_at(ops, i, sizeof(op)), sizeof(op));
        if (*err == 0)
            *err = run_op(v, fg, &op);
        if (*err)
            break;
    }
    return i;
}

long hc_mmuext_op(unsigned long ops, unsigned long count, unsigned long done_out,
                  unsigned long foreigndom)
{
    return batch_call(run_ops, sizeof(struct mmuext_op), ops, count, done_out, foreigndom);
}
