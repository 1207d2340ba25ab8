/* SPDX-License-Identifier: MIT */
/* Inter-processor interrupts. */
#ifndef HW_IPI_H
#define HW_IPI_H

#include <stdbool.h>

#include "lib/cpumask.h"

/* Makes `cpu` pass through its return-to-guest path (or leave idle); nothing else. */
void ipi_event_check(unsigned cpu);
/*
 * Runs fn(arg) in interrupt context on every CPU of mask (the caller's own directly), and with
 * `wait` returns only when all have finished. Interrupts must be on and no irq-safe lock held.
 */
void ipi_call(const struct cpumask *mask, void (*fn)(void *), void *arg, bool wait);
/* The call-function interrupt's handler. */
void ipi_call_interrupt(void);

#endif
