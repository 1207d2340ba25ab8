/* SPDX-License-Identifier: MIT */
/* CPU policies: what the toolstack has taken away of the features that a domain could have. */
#ifndef PV_POLICY_H
#define PV_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/cpu.h"
#include "public/types.h"

/* Words of CPUID that a policy may change: highest leaves, which it may lower, and feature bits. */
#define POLICY_WORDS 14

/* Components of XCR0 that features stand for: SDM volume 1, section 13.1. */
#define XCR0_AVX 4ULL
#define XCR0_AVX512 0xe0ULL

/* All zeroes: nothing has been taken away. */
struct cpuid_policy {
    bool narrowed;               /* the words count */
    uint32_t words[POLICY_WORDS];
};

/* Narrows r, what a domain could see at leaf and subleaf, to what its policy leaves of it. */
void policy_apply(const struct cpuid_policy *p, uint32_t leaf, uint32_t sub, struct cpuid_regs *r);
/*
 * Takes one leaf from a toolstack into p, where the domain could see `may`. Features may be missing
 * and highest leaves be lower; all else has to be as it is. -EINVAL: it is not, and p is unchanged.
 */
int policy_set_leaf(struct cpuid_policy *p, const struct xen_cpuid_leaf *l, struct cpuid_regs may);
/* The components of XCR0 that are left. */
uint64_t policy_xcr0(const struct cpuid_policy *p);
/* Whether the subleaf counts when this leaf is asked for. */
static inline bool cpuid_has_subleaves(uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

#endif
