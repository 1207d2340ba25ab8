/* SPDX-License-Identifier: MIT */
/* One-shot timers, per-CPU min-heaps over the local APIC timer. Tickless: no timer, no interrupt. */
#ifndef HW_TIMER_H
#define HW_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
    uint64_t expires;          /* system time, ns; valid while queued */
    void (*fn)(void *arg);     /* runs in softirq context on the timer's CPU, interrupts on, no locks */
    void *arg;
    uint32_t cpu;
    int32_t heap_index;        /* -1 when not queued */
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu);
/* (Re)arms for absolute system time `expires`; a time in the past fires as soon as possible. */
void timer_set(struct timer *t, uint64_t expires);
void timer_stop(struct timer *t);
/* As timer_stop, and waits for a running callback: afterwards the memory may be freed. */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned cpu);
void timer_init_cpu(void);

#endif
