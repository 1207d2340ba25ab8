/* SPDX-License-Identifier: MIT */
/* TLB maintenance: local, remote, and the flush clock that lets a flush be skipped. */
#ifndef HW_TLB_H
#define HW_TLB_H

#include <stdint.h>

#include "lib/cpumask.h"

/*
 * A frame whose mappings went away is stamped with the flush clock, which ticks at every stamp;
 * each CPU remembers what the clock showed at its last full flush. A CPU whose flush was later
 * than the stamp cannot hold a stale entry for the frame. Guest entries are never global, so a CR3
 * write is a full flush of everything a guest can own. (Ticking at stamps rather than at flushes
 * keeps the locked instruction off the paths that switch address spaces.)
 */
uint32_t tlb_clock(void);
/* Removes from mask the CPUs that have flushed since `stamp`. */
void tlb_filter(struct cpumask *mask, uint32_t stamp);

void tlb_flush_local(void);
void tlb_flush_local_one(unsigned long va);
/*
 * Flush everything a guest can own / one address, on every CPU of mask, and wait until done.
 * Interrupts on, and no lock held that others take with interrupts off (a target that spins for
 * such a lock would never answer). Locks that are not irq-safe may be held: their waiters spin
 * with interrupts on.
 */
void tlb_flush_mask(const struct cpumask *mask);
void tlb_flush_mask_one(const struct cpumask *mask, unsigned long va);
/* Also flushes global (hypervisor) entries, on all CPUs. */
void tlb_flush_all_global(void);
/* How often the CPU was asked to flush by another, modulo 2^32. */
uint32_t tlb_times_asked(unsigned cpu);
/* The shoot-down interrupt's handler. */
void tlb_interrupt(void);
/* Loads CR3 (a physical address) and advances this CPU's flush time. Interrupts off. */
void write_cr3(unsigned long cr3);

#endif
