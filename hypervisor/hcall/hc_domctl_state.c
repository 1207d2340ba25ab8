/* SPDX-License-Identifier: MIT */
/* domctl operations on what a vcpu's state has beside its vcpu_guest_context. */
#include <stddef.h>

#include "hcall/hc_domctl.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "public/trap.h"
#include "pv/pv.h"

/* A caller may leave out what follows the callbacks. */
#define CALLBACKS_SIZE offsetof(struct xen_domctl_ext_vcpucontext, vmce)
_Static_assert(CALLBACKS_SIZE + sizeof(struct hvm_vmce_vcpu) ==
               sizeof(struct xen_domctl_ext_vcpucontext), "nothing follows the machine checks");

long domctl_get_ext_vcpucontext(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
    struct vcpu *core = domctl_vcpu(d, e->vcpu);
    struct pv_vcpu *v;

    if (!core)
        return -ESRCH;
    v = to_pv_vcpu(core);
    domain_pause(d);
    *e = (struct xen_domctl_ext_vcpucontext){
        .vcpu = e->vcpu,
        .size = sizeof(*e),
        .syscall32_callback_eip = v->syscall32_callback,
        .sysenter_callback_eip = v->sysenter_callback,
        .syscall32_callback_cs = FLAT_KERNEL_CS,
        .sysenter_callback_cs = FLAT_KERNEL_CS,
        .syscall32_disables_events = v->syscall32_masks_events,
        .sysenter_disables_events = v->sysenter_masks_events,
    };
    domain_unpause(d);
    return 0;
}

/* None, or one that the entry code can go to: every kernel entry has that one selector. */
static bool callback_ok(uint64_t address, uint16_t cs)
{
    return !address || (pv_entry_ok(address) && (!cs || cs == FLAT_KERNEL_CS));
}

long domctl_set_ext_vcpucontext(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
    static const struct hvm_vmce_vcpu no_vmce;
    struct vcpu *core = domctl_vcpu(d, e->vcpu);
    struct pv_vcpu *v;

    if (!core)
        return -ESRCH;
    /* Machine checks are no guest's business: whoever knows of them has nothing to say. */
    if (e->size < CALLBACKS_SIZE || e->size > sizeof(*e) ||
        memcmp(&e->vmce, &no_vmce, e->size - CALLBACKS_SIZE) ||
        !callback_ok(e->syscall32_callback_eip, e->syscall32_callback_cs) ||
        !callback_ok(e->sysenter_callback_eip, e->sysenter_callback_cs) ||
        e->syscall32_disables_events > 1 || e->sysenter_disables_events > 1)
        return -EINVAL;
    v = to_pv_vcpu(core);
    domain_pause(d);
    v->syscall32_callback = e->syscall32_callback_eip;
    v->sysenter_callback = e->sysenter_callback_eip;
    v->syscall32_masks_events = e->syscall32_disables_events;
    v->sysenter_masks_events = e->sysenter_disables_events;
    domain_unpause(d);
    return 0;
}

/* All MSRs that a guest can change (pv/msr.c) are in vcpu_guest_context: this list is empty. */
long domctl_get_vcpu_msrs(struct domain *d, struct xen_domctl *op)
{
    if (!domctl_vcpu(d, op->u.vcpu_msrs.vcpu))
        return -ESRCH;
    op->u.vcpu_msrs.msr_count = 0;
    return 0;
}

long domctl_set_vcpu_msrs(struct domain *d, struct xen_domctl *op)
{
    if (!domctl_vcpu(d, op->u.vcpu_msrs.vcpu))
        return -ESRCH;
    return op->u.vcpu_msrs.msr_count ? -EINVAL : 0;
}
