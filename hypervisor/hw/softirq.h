/* SPDX-License-Identifier: MIT */
/* Deferred per-CPU work, run with interrupts on before returning to a guest or idling. */
#ifndef HW_SOFTIRQ_H
#define HW_SOFTIRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/percpu.h"

enum softirq { SOFTIRQ_TIMER, SOFTIRQ_QUIESCE, SOFTIRQ_TASKLET, SOFTIRQ_SCHEDULE, SOFTIRQ_COUNT };

DECLARE_PER_CPU(uint32_t, softirq_pending);

void softirq_register(enum softirq nr, void (*fn)(void));
/* Marks nr pending on this CPU (any context). */
void softirq_raise(enum softirq nr);
/* Marks nr pending on another CPU and sends it an event-check IPI if it is not the caller. */
void softirq_raise_cpu(unsigned cpu, enum softirq nr);
/* Runs what is pending: interrupts on, no lock held. SCHEDULE comes last: it may not return. */
void softirq_run(void);
static inline bool softirq_any_pending(void) { return this_cpu(softirq_pending) != 0; }

#endif
