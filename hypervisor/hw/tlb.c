/* SPDX-License-Identifier: MIT */
/* TLB maintenance: local flushes, the flush clock, and shoot-down of other CPUs. */
#include "hw/tlb.h"

#include "hw/cpu.h"
#include "hw/lapic.h"
#include "hw/percpu.h"

/*
 * The clock has 64 bits, a stamp the lower 32 of them. tlb_filter() takes a stamp for the latest
 * time that it can mean: one older than 2^32 ticks then looks newer than it is, and costs a
 * flush instead of missing one. The clock starts at 1, so that a CPU that never flushed (0) is
 * never taken for one that did.
 */
static uint64_t flush_clock = 1;
static DEFINE_PER_CPU(uint64_t, last_flush);

/*
 * A shoot-down asks each target by a ticket and waits until the target has served it. There is
 * no lock: senders do not wait for each other, and a sender that waits serves what others ask
 * of it meanwhile, so two CPUs that flush each other cannot stop one another.
 */
static DEFINE_PER_CPU(uint32_t, asked);
static DEFINE_PER_CPU(uint32_t, served);
static DEFINE_PER_CPU(uint32_t, asked_global);

uint32_t tlb_clock(void)
{
    return (uint32_t)__atomic_fetch_add(&flush_clock, 1, __ATOMIC_SEQ_CST);
}

void tlb_filter(struct cpumask *mask, uint32_t stamp)
{
    uint64_t now = __atomic_load_n(&flush_clock, __ATOMIC_SEQ_CST);
    uint64_t when = (now & ~0xffffffffULL) | stamp;
    unsigned cpu;

    if (when > now)
        when -= 1ULL << 32;
    for_each_cpu(cpu, mask)
        if (__atomic_load_n(&per_cpu(last_flush, cpu), __ATOMIC_ACQUIRE) > when)
            cpumask_clear(mask, cpu);
}

/* The clock is read before the flush: a stamp made in between is then not later than the flush. */
void write_cr3(unsigned long cr3)
{
    uint64_t t = __atomic_load_n(&flush_clock, __ATOMIC_SEQ_CST);

    __asm__ volatile("mov %0, %%cr3" ::"r"(cr3) : "memory");
    __atomic_store_n(&this_cpu(last_flush), t, __ATOMIC_RELEASE);
}

/* Clearing and setting CR4.PGE drops everything, global entries too (SDM vol. 3, 4.10.4.1). */
static void flush_global(void)
{
    unsigned long flags = irq_save();
    uint64_t t = __atomic_load_n(&flush_clock, __ATOMIC_SEQ_CST);
    unsigned long cr4 = read_cr4();

    if (cr4 & X86_CR4_PGE) {
        write_cr4(cr4 & ~(unsigned long)X86_CR4_PGE);
        write_cr4(cr4);
        __atomic_store_n(&this_cpu(last_flush), t, __ATOMIC_RELEASE);
    } else {
        write_cr3(read_cr3());
    }
    irq_restore(flags);
}

void tlb_flush_local(void)
{
    unsigned long flags = irq_save();

    write_cr3(read_cr3());
    irq_restore(flags);
}

void tlb_flush_local_one(unsigned long va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

static void serve(void)
{
    unsigned long flags = irq_save();
    uint32_t ticket = __atomic_load_n(&this_cpu(asked), __ATOMIC_SEQ_CST);

    if (ticket != this_cpu(served)) {
        if (__atomic_exchange_n(&this_cpu(asked_global), 0, __ATOMIC_SEQ_CST))
            flush_global();
        else
            tlb_flush_local();
        __atomic_store_n(&this_cpu(served), ticket, __ATOMIC_RELEASE);
    }
    irq_restore(flags);
}

void tlb_interrupt(void)
{
    serve();
}

static void shoot_down(const struct cpumask *mask, bool global)
{
    uint32_t ticket[MAX_CPUS];
    struct cpumask sent;
    unsigned cpu, self = smp_cpu_id();

    cpumask_zero(&sent);
    for_each_cpu(cpu, mask) {
        if (cpu == self || !cpumask_test(&cpu_online_mask, cpu))
            continue;
        /* In this order: whoever serves the ticket sees what kind it is. */
        if (global)
            __atomic_store_n(&per_cpu(asked_global, cpu), 1, __ATOMIC_SEQ_CST);
        ticket[cpu] = __atomic_add_fetch(&per_cpu(asked, cpu), 1, __ATOMIC_SEQ_CST);
        bitmap_set(sent.bits, cpu);
        lapic_send_ipi(cpu, VECTOR_TLB);
    }
    for_each_cpu(cpu, &sent) {
        while ((int32_t)(__atomic_load_n(&per_cpu(served, cpu), __ATOMIC_ACQUIRE) -
                         ticket[cpu]) < 0) {
            serve();
            cpu_relax();
        }
    }
}

void tlb_flush_mask(const struct cpumask *mask)
{
    if (cpumask_test(mask, smp_cpu_id()))
        tlb_flush_local();
    shoot_down(mask, false);
}

/* Others flush everything: a CR3 write there costs less than a mailbox for addresses. */
void tlb_flush_mask_one(const struct cpumask *mask, unsigned long va)
{
    if (cpumask_test(mask, smp_cpu_id()))
        tlb_flush_local_one(va);
    shoot_down(mask, false);
}

uint32_t tlb_times_asked(unsigned cpu)
{
    return __atomic_load_n(&per_cpu(asked, cpu), __ATOMIC_RELAXED);
}

void tlb_flush_all_global(void)
{
    flush_global();
    shoot_down(&cpu_online_mask, true);
}
