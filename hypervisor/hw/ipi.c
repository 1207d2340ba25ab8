/* SPDX-License-Identifier: MIT */
/* Inter-processor interrupts: event checks and function calls. */
#include "hw/ipi.h"

#include "hw/cpu.h"
#include "hw/lapic.h"
#include "hw/percpu.h"
#include "hw/spinlock.h"

/*
 * One call at a time, in flight for the CPUs that are left in `pending`. The lock is waited for
 * with interrupts on, so two callers serve each other's calls while one waits.
 */
static struct spinlock call_lock = SPINLOCK_INIT(LOCK_TLB);
static struct {
    void (*fn)(void *);
    void *arg;
    struct cpumask pending;  /* to start */
    struct cpumask running;  /* to finish */
} call;

void ipi_event_check(unsigned cpu)
{
    if (cpu != smp_cpu_id())
        lapic_send_ipi(cpu, VECTOR_EVENT_CHECK);
}

void ipi_call_interrupt(void)
{
    unsigned cpu = smp_cpu_id();

    if (!cpumask_test(&call.pending, cpu))
        return;
    cpumask_clear(&call.pending, cpu);
    call.fn(call.arg);
    cpumask_clear(&call.running, cpu);
}

void ipi_call(const struct cpumask *mask, void (*fn)(void *), void *arg, bool wait)
{
    unsigned self, cpu;
    unsigned long flags;
    bool me;

    spin_lock(&call_lock);
    /* The one before may have been left running. */
    while (!cpumask_empty(&call.running))
        cpu_relax();
    self = smp_cpu_id();
    me = cpumask_test(mask, self);
    call.fn = fn;
    call.arg = arg;
    for_each_cpu(cpu, mask) {
        if (cpu == self || !cpumask_test(&cpu_online_mask, cpu))
            continue;
        cpumask_set(&call.running, cpu);
        cpumask_set(&call.pending, cpu);
        lapic_send_ipi(cpu, VECTOR_CALL);
    }
    if (me) {
        flags = irq_save();
        fn(arg);
        irq_restore(flags);
    }
    while (wait && !cpumask_empty(&call.running))
        cpu_relax();
    spin_unlock(&call_lock);
}
