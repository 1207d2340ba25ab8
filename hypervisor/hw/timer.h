/* SPDX-License-Identifier: MIT */
/* One-shot timers: per-CPU min-heaps over the local APIC timer. No timer, no interrupt. */
#ifndef HW_TIMER_H
#define HW_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/heap.h"

struct timer {
    struct heap_node node;     /* key: system time in ns when it fires; valid while queued */
    struct timer *next;        /* while it waits for the heap to grow */
    void (*fn)(void *arg);     /* runs as softirq on the timer's CPU, interrupts on, no locks */
    void *arg;
    uint32_t cpu;
    bool waiting;              /* on the overflow list instead of the heap */
    bool dead;                 /* timer_kill has been called: arming it does nothing */
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu);
/* (Re)arms for absolute system time `expires`; a time in the past fires as soon as possible. */
void timer_set(struct timer *t, uint64_t expires);
void timer_stop(struct timer *t);
/* As timer_stop, and waits for a running callback: afterwards the memory may be freed. */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned cpu);
/* When a queued timer fires; meaningless when it is not queued. */
static inline uint64_t timer_expires(const struct timer *t) { return t->node.key; }
static inline bool timer_queued(const struct timer *t)
{
    return heap_contains(&t->node) || t->waiting;
}
/* Makes this CPU's heap; the boot CPU's before anything else may use timers. */
void timer_init_cpu(void);
/* The local APIC timer's interrupt. */
void timer_interrupt(void);

#endif
