/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs. */
#ifndef HW_SMP_H
#define HW_SMP_H

#include <stdint.h>

struct cpu_info;

/*
 * Starts up to `limit` CPUs in all, one after the other. Each sets up what hw needs and runs ap_main,
 * which marks it with smp_online() and does not return. prepare makes the area of a CPU
 * (mm/cpu_area). page: a frame below 1 MiB for their first instructions.
 */
void smp_start_all(unsigned limit, uint64_t page, struct cpu_info *(*prepare)(unsigned cpu),
                   void (*ap_main)(void));
/* This CPU takes part from now on. */
void smp_online(void);

#endif
