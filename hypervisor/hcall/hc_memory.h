/* SPDX-License-Identifier: MIT */
/* The parts of memory_op, by what they work on. */
#ifndef HCALL_HC_MEMORY_H
#define HCALL_HC_MEMORY_H

#include "core/domain.h"
#include "mm/frame.h"

/*
 * Low bits of the command word: the operation; above them, how many extents a preempted call has
 * done.
 */
#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK ((1UL << MEMOP_EXTENT_SHIFT) - 1)

/* hc_memory_reservation.c: the three ops on struct xen_memory_reservation. */
long memory_reservation(unsigned op, unsigned long done, unsigned long arg);
/* The largest extent a domain may ask for in one piece. */
unsigned memory_max_order(const struct domain *d);
/* The owner's reference of pg goes: false when d does not own it, or has given it back before. */
bool memory_give_back(struct domain *d, struct page_info *pg);

/* hc_memory_exchange.c */
long memory_exchange(unsigned long arg);

/* hc_memory_map.c: memory maps, the M2P table, and frames of ours for mapping. */
long memory_map_get(unsigned long arg);
long memory_map_get_machine(unsigned long arg);
long memory_map_set(unsigned long arg);
long memory_m2p_list(unsigned long arg);
long memory_m2p_compat_list(unsigned long arg);
long memory_reserved_device_map(unsigned long arg);
long memory_m2p_range(unsigned long arg);
long memory_acquire_resource(unsigned long arg);

#endif
