/* SPDX-License-Identifier: MIT */
/* On which CPUs a new guest runs, and with what share of them. */
#ifndef PARADOR_GUEST_PLACEMENT_H
#define PARADOR_GUEST_PLACEMENT_H

#include "guest/guest.h"

/** What the guest file asks for, in terms of this machine. */
struct placement {
    struct parador_cpupool pool;
    struct parador_topology topology;
};

/**
 * Finds the pool and judges the CPU lists of a guest with vcpus vcpus. Touches nothing. Refusals
 * name the setting, its value and what the machine has.
 */
int placement_find(struct parador_handle *h, const struct guest_config *config, uint32_t vcpus,
                   struct placement *p);

/**
 * Gives a domain that has not run yet, whose vcpus are there, its share (ENOSPC when its
 * reservation does not fit) and its affinity.
 */
int placement_apply(struct parador_handle *h, const struct guest_config *config, uint32_t vcpus,
                    const struct placement *p, domid_t domid);

#endif
