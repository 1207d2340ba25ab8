/* SPDX-License-Identifier: MIT */
/* What the files that implement domctl share. */
#ifndef HCALL_HC_DOMCTL_H
#define HCALL_HC_DOMCTL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/domain.h"
#include "core/vcpu.h"
#include "public/domctl.h"

/*
 * A handler gets the domain, referenced (NULL for ops that name none), and our copy of the
 * structure, which goes back to the caller when the row says so. LOCK_DOMCTL is held when the row
 * says so. 0 or -errno; -ERESTART: the op is to be issued again, its progress is in the domain.
 */
typedef long domctl_fn(struct domain *d, struct xen_domctl *op);

#define DOMCTL_DOMAIN 1u /* needs an existing domain */
#define DOMCTL_LOCKED 2u /* changes something: one at a time */
#define DOMCTL_OUT 4u    /* the structure goes back */
#define DOMCTL_OTHER 8u  /* not for the caller itself: -EINVAL */
#define DOMCTL_TELLS 16u /* the structure goes back with an error, too: it says what is wrong */

struct domctl_row {
    uint32_t cmd, flags;
    domctl_fn *fn;
};

/* hc_domctl_vcpu.c */
domctl_fn domctl_max_vcpus, domctl_setvcpucontext, domctl_getvcpucontext, domctl_getvcpuinfo,
    domctl_setvcpuaffinity, domctl_getvcpuaffinity, domctl_scheduler_op, domctl_sendtrigger;
/* hc_domctl_state.c */
domctl_fn domctl_get_ext_vcpucontext, domctl_set_ext_vcpucontext, domctl_get_vcpu_msrs,
    domctl_set_vcpu_msrs;
/* hc_policy.c */
domctl_fn domctl_get_cpu_policy, domctl_set_cpu_policy;
/* hc_domctl_mem.c */
domctl_fn domctl_max_mem, domctl_hypercall_init, domctl_getpageframeinfo3, domctl_irq_permission,
    domctl_iomem_permission, domctl_ioport_permission, domctl_memory_mapping;

/* Fills in what getdomaininfo and getdomaininfolist report. */
void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/* The vcpu with that id, or NULL. */
struct vcpu *domctl_vcpu(struct domain *d, uint32_t id);

/* CPU sets between our masks and a caller's bitmap (sysctl uses them too). 0 or -EFAULT. */
struct cpumask;
int bitmap_to_cpumask(struct cpumask *mask, const struct xenctl_bitmap *b);
int cpumask_to_bitmap(const struct xenctl_bitmap *b, const struct cpumask *mask);

#endif
