/* SPDX-License-Identifier: MIT */
/* What the files that implement sysctl share, and what the upper floors plug into it. */
#ifndef HCALL_HC_SYSCTL_H
#define HCALL_HC_SYSCTL_H

#include "public/sysctl.h"

/* Handles one debug key; set by the debug floor, NULL until then. */
extern void (*sysctl_debug_key)(unsigned char key);

/* hc_cpupool.c: handlers as hc_sysctl.c has them; -ERESTART: the op is to be issued again. */
long sysctl_sched_id(struct xen_sysctl *op);
long sysctl_cpupool_op(struct xen_sysctl *op);
long sysctl_scheduler_op(struct xen_sysctl *op);
/* hc_policy.c */
long sysctl_get_cpu_featureset(struct xen_sysctl *op);
long sysctl_get_cpu_policy(struct xen_sysctl *op);

#endif
