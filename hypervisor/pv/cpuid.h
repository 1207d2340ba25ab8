/* SPDX-License-Identifier: MIT */
/* What CPUID tells a guest. */
#ifndef PV_CPUID_H
#define PV_CPUID_H

#include "hw/cpu.h"
#include "pv/pv.h"

/*
 * The answer for a domain (privileged: the control domain) with a policy to leaf and subleaf, where
 * the processor's is `host`. Pure, for tests.
 */
struct cpuid_regs pv_cpuid_filter(bool privileged, const struct cpuid_policy *policy, uint32_t leaf,
                                  uint32_t sub, struct cpuid_regs host);
/* The same on this processor; what only a vcpu knows is missing, and the hypervisor's leaves are. */
struct cpuid_regs pv_cpuid_policy_leaf(bool privileged, const struct cpuid_policy *policy,
                                       uint32_t leaf, uint32_t sub);
/* Executes CPUID for the current vcpu: arguments and results in f. */
void pv_cpuid(struct pv_vcpu *v, struct trap_frame *f);
/* One leaf for v, hypervisor leaves included. */
struct cpuid_regs pv_cpuid_leaf(struct pv_vcpu *v, uint32_t leaf, uint32_t sub);

#endif
