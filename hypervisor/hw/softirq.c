/* SPDX-License-Identifier: MIT */
/* Deferred per-CPU work. */
#include "hw/softirq.h"

#include "hw/ipi.h"

DEFINE_PER_CPU(uint32_t, softirq_pending);

static void (*handlers[SOFTIRQ_COUNT])(void);

void softirq_register(enum softirq nr, void (*fn)(void))
{
    handlers[nr] = fn;
}

void softirq_raise(enum softirq nr)
{
    __atomic_fetch_or(&this_cpu(softirq_pending), 1u << nr, __ATOMIC_SEQ_CST);
}

void softirq_raise_cpu(unsigned cpu, enum softirq nr)
{
    uint32_t old = __atomic_fetch_or(&per_cpu(softirq_pending, cpu), 1u << nr, __ATOMIC_SEQ_CST);

    if (!(old & (1u << nr)))
        ipi_event_check(cpu);
}

/* Lowest number first: SCHEDULE, the last, may leave this loop for good. */
void softirq_run(void)
{
    uint32_t *pending = &this_cpu(softirq_pending);
    uint32_t p;

    while ((p = __atomic_load_n(pending, __ATOMIC_RELAXED)) != 0) {
        unsigned nr = (unsigned)__builtin_ctz(p);

        __atomic_fetch_and(pending, ~(1u << nr), __ATOMIC_SEQ_CST);
        if (handlers[nr])
            handlers[nr]();
    }
}
