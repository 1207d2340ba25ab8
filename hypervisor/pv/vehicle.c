/* SPDX-License-Identifier: MIT */
/* The pv vehicle: what the core calls for a paravirtual guest. */
#include "core/vehicle.h"

#include "core/domain.h"
#include "hw/console.h"
#include "hw/traps.h"
#include "hw/cpu.h"
#include "hw/fpu.h"
#include "lib/errno.h"
#include "mm/kmalloc.h"
#include "pv/context.h"
#include "pv/descriptor.h"
#include "pv/pagetable.h"
#include "pv/ptype.h"
#include "pv/switch.h"

static struct domain *pv_domain_alloc(void)
{
    struct pv_domain *d = kzalloc(sizeof(*d));

    return d ? &d->core : NULL;
}

static void pv_domain_free(struct domain *d)
{
    kfree(to_pv_domain(d));
}

static struct vcpu *pv_vcpu_alloc(void)
{
    struct pv_vcpu *v = kzalloc(sizeof(*v));

    return v ? &v->core : NULL;
}

static void pv_vcpu_free(struct vcpu *v)
{
    kfree(to_pv_vcpu(v));
}

static int pv_domain_init(struct domain *d)
{
    return 0;
}

static void pv_domain_destroy(struct domain *d)
{
}

static int pv_vcpu_init(struct vcpu *core)
{
    struct pv_vcpu *v = to_pv_vcpu(core);

    v->fpu_area = kzalloc(fpu_area_size());
    if (!v->fpu_area)
        return -ENOMEM;
    fpu_area_init(v->fpu_area);
    v->fpu_cpu = ~0U;
    v->xcr0 = cpu_features.xcr0 ? 1 : 0; /* x87 alone, as after reset */
    v->cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
    v->dr[6] = 0xffff0ff0;
    v->dr[7] = 0x400;
    v->kernel_mode = true;
    return 0;
}

static void pv_vcpu_destroy(struct vcpu *core)
{
    struct pv_vcpu *v = to_pv_vcpu(core);

    kfree(v->fpu_area);
    v->fpu_area = NULL;
}

static int pv_domain_relinquish(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu(d, v, i)
        pv_drop_descriptor_tables(to_pv_vcpu(v));
    return pt_relinquish(d);
}

static int pv_page_get_type(void *page, uint64_t type)
{
    return page_get_type(page, type, false);
}

static void pv_page_put_type(void *page)
{
    page_put_type(page, false);
}

static void pv_dump(struct vcpu *core)
{
    struct pv_vcpu *v = to_pv_vcpu(core);
    const struct trap_frame *f = core == current ? guest_regs() : &v->regs;

    printk(LOG_INFO, "d%uv%u %s mode, rip %lx cs %x rflags %lx rsp %lx ss %x\n",
           core->domain->domid, core->vcpu_id, v->kernel_mode ? "kernel" : "user",
           (unsigned long)f->rip, f->cs,
           (unsigned long)f->rflags, (unsigned long)f->rsp, f->ss);
    printk(LOG_INFO, "rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx\n",
           (unsigned long)f->rax, (unsigned long)f->rbx, (unsigned long)f->rcx,
           (unsigned long)f->rdx, (unsigned long)f->rsi, (unsigned long)f->rdi,
           (unsigned long)f->rbp);
    printk(LOG_INFO, "r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx\n",
           (unsigned long)f->r8, (unsigned long)f->r9, (unsigned long)f->r10, (unsigned long)f->r11,
           (unsigned long)f->r12, (unsigned long)f->r13, (unsigned long)f->r14,
           (unsigned long)f->r15);
    printk(LOG_INFO, "cr3 kernel %lx user %lx, cr2 %lx, kernel_sp %lx, upcall mask %u pending %u\n",
           (unsigned long)v->cr3_kernel, (unsigned long)v->cr3_user,
           (unsigned long)core->vcpu_info->arch.cr2, (unsigned long)v->kernel_sp,
           core->vcpu_info->evtchn_upcall_mask, core->vcpu_info->evtchn_upcall_pending);
}

const struct vehicle_ops pv_vehicle = {
    .name = "pv",
    .domain_alloc = pv_domain_alloc,
    .vcpu_alloc = pv_vcpu_alloc,
    .domain_free = pv_domain_free,
    .vcpu_free = pv_vcpu_free,
    .domain_init = pv_domain_init,
    .vcpu_init = pv_vcpu_init,
    .vcpu_destroy = pv_vcpu_destroy,
    .domain_destroy = pv_domain_destroy,
    .domain_relinquish = pv_domain_relinquish,
    .vcpu_set_context = pv_set_context,
    .vcpu_get_context = pv_get_context,
    .switch_from = pv_switch_from,
    .switch_to = pv_switch_to,
    .enter = return_to_guest,
    .kernel_view = pv_kernel_view,
    .grant_map = pt_grant_map,
    .grant_unmap = pt_grant_unmap,
    .page_get_type = pv_page_get_type,
    .page_put_type = pv_page_put_type,
    .dump = pv_dump,
};
