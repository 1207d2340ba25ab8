/* SPDX-License-Identifier: MIT */
/* One-shot timers: per-CPU heaps over the local APIC timer. */
#include "hw/timer.h"

#include "hw/cpu.h"
#include "hw/lapic.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/services.h"
#include "hw/softirq.h"
#include "hw/spinlock.h"
#include "hw/tsc.h"
#include "lib/cpumask.h"
#include "lib/cpumask.h"
#include "lib/list.h"

/*
 * A timer lies in the heap of its CPU. Where the heap's array is full, and memory cannot be had
 * because timers are armed in any context, the timer waits on a list instead; the softirq
 * makes the array bigger and moves it over.
 *
 * The APIC timer is programmed only when something is due earlier than it will fire. Stopping
 * a timer leaves it alone: an interrupt too early finds nothing to do and sets the next one.
 */
#define FIRST_CAPACITY 64
#define NEVER (~0ULL)

struct timer_cpu {
    struct spinlock lock;        /* LOCK_TIMER, irq-safe */
    struct heap heap;
    struct timer *overflow;
    struct timer *running;       /* its callback is being called */
    uint64_t programmed;         /* when the APIC timer fires; NEVER: it is not running */
};

static DEFINE_PER_CPU(struct timer_cpu, timer_cpu);

static struct timer *timer_of(struct heap_node *n)
{
    return n ? container_of(n, struct timer, node) : NULL;
}

/* Locks the heap that t belongs to, which may change until it is locked. */
static struct timer_cpu *lock_cpu_of(struct timer *t, unsigned long *flags)
{
    for (;;) {
        uint32_t cpu = __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE);
        struct timer_cpu *c = &per_cpu(timer_cpu, cpu);

        *flags = spin_lock_irqsave(&c->lock);
        if (t->cpu == cpu)
            return c;
        spin_unlock_irqrestore(&c->lock, *flags);
    }
}

static void dequeue(struct timer_cpu *c, struct timer *t)
{
    if (t->waiting) {
        struct timer **p = &c->overflow;

        while (*p != t)
            p = &(*p)->next;
        *p = t->next;
        t->waiting = false;
    } else if (heap_contains(&t->node)) {
        heap_remove(&c->heap, &t->node);
    }
}

/* Queues t; true when this CPU's or the other's clock has to look at its heap again. */
static bool enqueue(struct timer_cpu *c, struct timer *t)
{
    if (heap_insert(&c->heap, &t->node))
        return t->node.index == 0;
    t->waiting = true;
    t->next = c->overflow;
    c->overflow = t;
    return true;
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu)
{
    *t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu };
    heap_node_init(&t->node);
}

/* Makes the APIC timer fire no later than the first timer is due. This CPU's, locked. */
static void program(struct timer_cpu *c)
{
    struct timer *first = timer_of(heap_first(&c->heap));

    if (first && first->node.key < c->programmed) {
        c->programmed = first->node.key;
        lapic_timer_set(c->programmed);
    }
}

/* t has become first of CPU `cpu`, whose heap is c, locked; or it overflowed. */
static void first_changed(struct timer_cpu *c, unsigned cpu, const struct timer *t)
{
    if (cpu != smp_cpu_id())
        softirq_raise_cpu(cpu, SOFTIRQ_TIMER);
    else if (t->waiting)
        softirq_raise(SOFTIRQ_TIMER);
    else
        program(c);
}

void timer_set(struct timer *t, uint64_t expires)
{
    unsigned long flags;
    struct timer_cpu *c = lock_cpu_of(t, &flags);

    if (!t->dead) {
        dequeue(c, t);
        t->node.key = expires;
        if (enqueue(c, t))
            first_changed(c, t->cpu, t);
    }
    spin_unlock_irqrestore(&c->lock, flags);
}

void timer_stop(struct timer *t)
{
    unsigned long flags;
    struct timer_cpu *c = lock_cpu_of(t, &flags);

    dequeue(c, t);
    spin_unlock_irqrestore(&c->lock, flags);
}

void timer_kill(struct timer *t)
{
    unsigned long flags;
    struct timer_cpu *c = lock_cpu_of(t, &flags);
    unsigned cpu;

    dequeue(c, t);
    t->dead = true;
    spin_unlock_irqrestore(&c->lock, flags);
    /* It may have moved since it was started; a callback that kills its own timer does not wait. */
    for_each_online_cpu(cpu)
        while (cpu != smp_cpu_id() &&
               __atomic_load_n(&per_cpu(timer_cpu, cpu).running, __ATOMIC_ACQUIRE) == t)
            cpu_relax();
}

void timer_migrate(struct timer *t, unsigned cpu)
{
    unsigned long flags;
    struct timer_cpu *c = lock_cpu_of(t, &flags);
    bool queued = timer_queued(t);

    if (t->cpu == cpu) {
        spin_unlock_irqrestore(&c->lock, flags);
        return;
    }
    dequeue(c, t);
    __atomic_store_n(&t->cpu, cpu, __ATOMIC_RELEASE);
    spin_unlock_irqrestore(&c->lock, flags);
    if (!queued)
        return;
    c = lock_cpu_of(t, &flags);
    /* Somebody else may have set or killed it in between: theirs is the newer word. */
    if (!t->dead && !timer_queued(t) && enqueue(c, t))
        first_changed(c, t->cpu, t);
    spin_unlock_irqrestore(&c->lock, flags);
}

/* Gives the heap room for what waits. Locked; the lock is dropped while memory is taken. */
static unsigned long make_room(struct timer_cpu *c, unsigned long flags)
{
    unsigned capacity = c->heap.capacity ? 2 * c->heap.capacity : FIRST_CAPACITY;
    struct heap_node **bigger;
    struct timer *t;

    spin_unlock_irqrestore(&c->lock, flags);
    bigger = hw_services.alloc(capacity * sizeof(*bigger));
    flags = spin_lock_irqsave(&c->lock);
    if (bigger && capacity > c->heap.capacity)
        bigger = heap_grow(&c->heap, bigger, capacity);
    while ((t = c->overflow) != NULL && c->heap.count < c->heap.capacity) {
        dequeue(c, t);
        enqueue(c, t);
    }
    spin_unlock_irqrestore(&c->lock, flags);
    hw_services.release(bigger);
    return spin_lock_irqsave(&c->lock);
}

static void run_timers(void)
{
    struct timer_cpu *c = &this_cpu(timer_cpu);
    unsigned long flags = spin_lock_irqsave(&c->lock);
    struct timer *t;

    if (c->overflow)
        flags = make_room(c, flags);
    while ((t = timer_of(heap_first(&c->heap))) != NULL && t->node.key <= now_ns()) {
        heap_remove(&c->heap, &t->node);
        c->running = t;
        spin_unlock_irqrestore(&c->lock, flags);
        t->fn(t->arg);
        flags = spin_lock_irqsave(&c->lock);
        /* The callback may have freed t: only its address is still good. */
        __atomic_store_n(&c->running, NULL, __ATOMIC_RELEASE);
    }
    /* Without memory for a bigger heap, what waits is looked at again when the next one fires. */
    program(c);
    spin_unlock_irqrestore(&c->lock, flags);
}

void timer_interrupt(void)
{
    this_cpu(timer_cpu).programmed = NEVER;
    softirq_raise(SOFTIRQ_TIMER);
}

void timer_init_cpu(void)
{
    struct timer_cpu *c = &this_cpu(timer_cpu);
    struct heap_node **slots = hw_services.alloc(FIRST_CAPACITY * sizeof(*slots));

    if (!slots)
        panic("no memory for the timers of CPU%u", smp_cpu_id());
    spin_lock_init_irq(&c->lock, LOCK_TIMER);
    c->heap.slots = slots;
    c->heap.capacity = FIRST_CAPACITY;
    c->programmed = NEVER;
    softirq_register(SOFTIRQ_TIMER, run_timers);
}
