/* SPDX-License-Identifier: MIT */
/* Deferred freeing: callbacks wait until every CPU has passed a quiescent point. */
#include "core/quiesce.h"

#include <stddef.h>

#include "hw/percpu.h"
#include "hw/softirq.h"
#include "hw/spinlock.h"
#include "lib/cpumask.h"

/*
 * Softirqs run only on the way back to a guest and in the idle loop, where no lock is held and no
 * looked-up pointer is in use. So a CPU that runs SOFTIRQ_QUIESCE is quiescent by construction,
 * and a grace period is: raise it everywhere, wait until all have run it. Callbacks that come
 * while a period is under way wait for the next one.
 */
static struct spinlock quiesce_lock = SPINLOCK_IRQ_INIT(LOCK_HEAP);
static struct quiesce *next_batch;    /* [quiesce_lock] arrived since the period began */
static struct quiesce *current_batch; /* [quiesce_lock] run when the period ends */
static struct cpumask still_to_pass;  /* [quiesce_lock] */

/* Lock held. Moves the new arrivals into a grace period; mask tells whom to wake. */
static void begin_period(struct cpumask *wake)
{
    current_batch = next_batch;
    next_batch = NULL;
    still_to_pass = cpu_online_mask;
    *wake = still_to_pass;
}

static void wake_cpus(const struct cpumask *mask)
{
    unsigned cpu;

    for_each_cpu (cpu, mask)
        softirq_raise_cpu(cpu, SOFTIRQ_QUIESCE);
}

void quiesce_call(struct quiesce *q, void (*fn)(struct quiesce *))
{
    struct cpumask wake;
    unsigned long flags;

    cpumask_zero(&wake);
    q->fn = fn;
    flags = spin_lock_irqsave(&quiesce_lock);
    q->next = next_batch;
    next_batch = q;
    if (!current_batch)
        begin_period(&wake);
    spin_unlock_irqrestore(&quiesce_lock, flags);
    wake_cpus(&wake);
}

static void quiesce_softirq(void)
{
    struct quiesce *done = NULL, *q;
    struct cpumask wake;
    unsigned long flags;

    cpumask_zero(&wake);
    flags = spin_lock_irqsave(&quiesce_lock);
    if (cpumask_test(&still_to_pass, smp_cpu_id())) {
        cpumask_clear(&still_to_pass, smp_cpu_id());
        if (cpumask_empty(&still_to_pass)) {
            done = current_batch;
            current_batch = NULL;
            if (next_batch)
                begin_period(&wake);
        }
    }
    spin_unlock_irqrestore(&quiesce_lock, flags);
    wake_cpus(&wake);

    while (done) {
        q = done;
        done = q->next; /* read first: fn may free or reuse q */
        q->fn(q);
    }
}

void quiesce_init(void)
{
    softirq_register(SOFTIRQ_QUIESCE, quiesce_softirq);
}
