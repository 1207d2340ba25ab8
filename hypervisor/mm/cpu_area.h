/* SPDX-License-Identifier: MIT */
/* Making the per-CPU areas of hw/layout.h. */
#ifndef MM_CPU_AREA_H
#define MM_CPU_AREA_H

struct cpu_info;

/*
 * Makes the area of a CPU that has not started; returns its record, at the top of its stack block.
 */
struct cpu_info *cpu_area_init(unsigned cpu);

#endif
