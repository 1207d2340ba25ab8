/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs. */
#ifndef HW_SMP_H
#define HW_SMP_H

#include <stdint.h>

/*
 * Starts up to `limit` CPUs in all, one after the other. Each sets up what hw needs, runs ap_main, which marks
 * itself with smp_online() and does not return. page: a frame below 1 MiB for their first instructions.
 */
void smp_start_all(unsigned limit, uint64_t page, void (*ap_main)(void));
/* This CPU takes part from now on. */
void smp_online(void);

#endif
