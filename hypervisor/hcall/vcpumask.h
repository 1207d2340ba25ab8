/* SPDX-License-Identifier: MIT */
/* From a guest's set of vcpus to the CPUs whose TLBs may hold their translations. */
#ifndef HCALL_VCPUMASK_H
#define HCALL_VCPUMASK_H

#include "core/guest_access.h"
#include "lib/cpumask.h"

struct domain;

/* Reads the guest's bitmap of d's vcpus; fills *out. 0 or -EFAULT. */
int vcpumask_to_cpus(struct domain *d, struct guest_ptr bitmap, struct cpumask *out);

#endif
