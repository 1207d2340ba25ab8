/* SPDX-License-Identifier: MIT */
/* The scheduler core: waking, sleeping, switching vcpus, and the idle loop. */
#include "core/sched.h"

#include "core/evtchn.h"
#include "core/sched_pool.h"
#include "core/time.h"
#include "core/usage.h"
#include "core/vehicle.h"
#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/softirq.h"
#include "hw/timer.h"
#include "hw/tlb.h"
#include "hw/tsc.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mm/hostmap.h"
#include "mm/kmalloc.h"

/*
 * A vcpu is in one of three places (sched.state): off every queue, queued on v->cpu, or running
 * there; the queue lock of v->cpu guards the state, the runstate record and v->cpu itself. Two
 * things are outside that lock: pause_flags and the pause counts, atomic, which say whether it
 * *may* run and are looked at under the lock after every change; and is_running, which stays true
 * until its registers are saved, so that another CPU that has already picked it waits that long.
 */
struct sched_cpu {
    struct spinlock lock;
    struct vcpu *idle;
    struct vcpu *chosen;               /* its runstate is "running" here */
    const struct sched_policy *policy; /* of the pool it is in, or was until it has drained */
    struct sched_pool *pool;           /* NULL: in none */
    struct timer slice_timer;
    uint64_t slice_at;                 /* when that timer fires; 0: it is not set */
};

static struct sched_cpu sched_cpus[MAX_CPUS];
struct cpumask sched_idle_mask;

static const struct sched_policy *policy_of(const struct vcpu *v)
{
    return v->domain->sched.pool->policy;
}

struct vcpu *idle_vcpu(unsigned cpu)
{
    return sched_cpus[cpu].idle;
}

/* The lock that guards v now; v->cpu cannot change while it is held. */
static struct spinlock *lock_queue_of(struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned cpu = __atomic_load_n(&v->cpu, __ATOMIC_ACQUIRE);
        struct spinlock *l = &sched_cpus[cpu].lock;

        *flags = spin_lock_irqsave(l);
        if (__atomic_load_n(&v->cpu, __ATOMIC_ACQUIRE) == cpu)
            return l;
        spin_unlock_irqrestore(l, *flags);
    }
}

void sched_tickle(unsigned cpu)
{
    cpumask_clear(&sched_idle_mask, cpu);
    softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

void sched_recheck(unsigned cpu, uint64_t now, uint64_t when)
{
    struct sched_cpu *sc = &sched_cpus[cpu];

    if (when <= now) {
        sched_tickle(cpu);
    } else if (!sc->slice_at || when < sc->slice_at) {
        sc->slice_at = when;
        timer_set(&sc->slice_timer, when);
    }
}

unsigned long sched_lock_cpu(unsigned cpu)
{
    return spin_lock_irqsave(&sched_cpus[cpu].lock);
}

void sched_unlock_cpu(unsigned cpu, unsigned long flags)
{
    spin_unlock_irqrestore(&sched_cpus[cpu].lock, flags);
}

struct sched_pool *sched_cpu_pool(unsigned cpu)
{
    return __atomic_load_n(&sched_cpus[cpu].pool, __ATOMIC_RELAXED);
}

/* What a vcpu that is not runnable waits for. */
static int resting_state(const struct vcpu *v)
{
    unsigned long waiting = (1UL << VPF_BLOCKED) | (1UL << VPF_POLLING);

    if (v->pause_count || v->domain->pause_count || (v->pause_flags & ~waiting))
        return RUNSTATE_offline;
    return RUNSTATE_blocked;
}

/* v, off queue, may not run: perhaps for another reason than until now. */
static void rest(struct vcpu *v, uint64_t now)
{
    runstate_change(v, resting_state(v), now);
    if (policy_of(v)->rest)
        policy_of(v)->rest(v);
}

/*
 * v waits on a CPU that was busy, as no other was idle when its place was chosen. One that has become
 * idle since then, and looked for work before v was in the queue, is told to look again.
 */
static void offer(const struct vcpu *v)
{
    unsigned cpu;

    /* The other one marks itself idle and then looks: one of the two sees the other. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (cpumask_empty(&sched_idle_mask))
        return;
    for_each_cpu (cpu, &sched_idle_mask)
        if (sched_may_run(v, cpu)) {
            softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
            return;
        }
}

void vcpu_wake(struct vcpu *v)
{
    bool moved = false;

    for (;;) {
        unsigned long flags;
        struct spinlock *l = lock_queue_of(v, &flags);
        uint64_t now = now_ns();
        unsigned cpu;

        if (v->sched.state != SCHED_OFF_QUEUE || !vcpu_runnable(v)) {
            if (v->sched.state == SCHED_OFF_QUEUE)
                rest(v, now);
            spin_unlock_irqrestore(l, flags);
            return;
        }
        cpu = sched_place(v, moved, now);
        if (cpu == v->cpu) {
            bool busy = !cpumask_test(&sched_idle_mask, cpu);

            runstate_change(v, RUNSTATE_runnable, now);
            policy_of(v)->wake(v, now);
            if (busy)
                offer(v);
            spin_unlock_irqrestore(l, flags);
            return;
        }
        /* It changes hands under the old lock; under the new one everything is looked at again. */
        __atomic_store_n(&v->cpu, cpu, __ATOMIC_RELEASE);
        spin_unlock_irqrestore(l, flags);
        moved = true;
    }
}

void vcpu_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    struct spinlock *l = lock_queue_of(v, &flags);

    if (!vcpu_runnable(v)) {
        if (v->sched.state == SCHED_QUEUED)
            policy_of(v)->sleep(v);
        if (v->sched.state == SCHED_OFF_QUEUE)
            rest(v, now_ns());
        else
            softirq_raise_cpu(v->cpu, SOFTIRQ_SCHEDULE);
    }
    spin_unlock_irqrestore(l, flags);
}

/* Picked but not yet loaded counts as running: the state goes first, is_running last. */
bool vcpu_on_a_cpu(const struct vcpu *v)
{
    return __atomic_load_n(&v->sched.state, __ATOMIC_ACQUIRE) == SCHED_RUNNING ||
           __atomic_load_n(&v->is_running, __ATOMIC_ACQUIRE);
}

void vcpu_sleep_sync(struct vcpu *v)
{
    vcpu_sleep_nosync(v);
    while (!vcpu_runnable(v) && vcpu_on_a_cpu(v))
        cpu_relax();
}

void sched_insert_vcpu(struct vcpu *v)
{
    __atomic_store_n(&v->cpu, sched_least_loaded(v), __ATOMIC_RELEASE);
    policy_of(v)->insert(v);
}

void sched_remove_vcpu(struct vcpu *v)
{
    unsigned long flags;
    struct spinlock *l = lock_queue_of(v, &flags);

    BUG_ON(v->sched.state == SCHED_RUNNING);
    if (v->sched.state == SCHED_QUEUED)
        policy_of(v)->sleep(v);
    spin_unlock_irqrestore(l, flags);
}

/*
 * Marks v blocked first and looks for events afterwards: a sender does it the other way round, so
 * one of the two sees the other.
 */
void sched_block_current(void)
{
    struct vcpu *v = current;

    __atomic_store_n(&v->vcpu_info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    bitmap_set_atomic(&v->pause_flags, VPF_BLOCKED);
    if (vcpu_event_deliverable(v))
        bitmap_clear_atomic(&v->pause_flags, VPF_BLOCKED);
    else
        softirq_raise(SOFTIRQ_SCHEDULE);
}

void sched_yield_current(void)
{
    unsigned long flags;
    struct spinlock *l = lock_queue_of(current, &flags);

    policy_of(current)->yield(current);
    spin_unlock_irqrestore(l, flags);
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void sched_poll_end(struct vcpu *v)
{
    if (!bitmap_test(&v->pause_flags, VPF_POLLING) ||
        !bitmap_test_clear_atomic(&v->pause_flags, VPF_POLLING))
        return;
    __atomic_fetch_sub(&v->domain->poll_count, 1, __ATOMIC_SEQ_CST);
    vcpu_wake(v);
}

void sched_poll_wake(struct domain *d, uint32_t port)
{
    struct vcpu *v;
    unsigned i;

    if (!__atomic_load_n(&d->poll_count, __ATOMIC_SEQ_CST))
        return;
    for_each_vcpu (d, v, i)
        if (!v->poll_evtchn || v->poll_evtchn == port)
            sched_poll_end(v);
}

int sched_poll_current(const uint32_t *ports, unsigned n, uint64_t timeout_abs_ns)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    bool ready;

    v->poll_evtchn = n == 1 ? ports[0] : 0;
    __atomic_fetch_add(&d->poll_count, 1, __ATOMIC_SEQ_CST);
    /* A multicall can poll twice before it sleeps: it ends once, so it counts once. */
    if (bitmap_test_set_atomic(&v->pause_flags, VPF_POLLING))
        __atomic_fetch_sub(&d->poll_count, 1, __ATOMIC_SEQ_CST);

    ready = vcpu_event_deliverable(v) || (timeout_abs_ns && timeout_abs_ns <= now_ns());
    for (unsigned i = 0; !ready && i < n; i++)
        ready = evtchn_port_pending(d, ports[i]);
    if (ready) {
        sched_poll_end(v);
        return 0;
    }
    if (timeout_abs_ns) {
        if (v->poll_timer.cpu != smp_cpu_id())
            timer_migrate(&v->poll_timer, smp_cpu_id());
        timer_set(&v->poll_timer, timeout_abs_ns);
    } else {
        timer_stop(&v->poll_timer);
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
    return 0;
}

void sched_evict(struct vcpu *v)
{
    unsigned long flags;
    struct spinlock *l = lock_queue_of(v, &flags);

    if (!sched_may_run(v, v->cpu)) {
        if (v->sched.state == SCHED_QUEUED)
            policy_of(v)->sleep(v);
        else if (v->sched.state == SCHED_RUNNING)
            softirq_raise_cpu(v->cpu, SOFTIRQ_SCHEDULE); /* it moves when it has been saved */
    }
    spin_unlock_irqrestore(l, flags);
    vcpu_wake(v);
}

void sched_replace_affinity(struct vcpu *v, const struct cpumask *hard, const struct cpumask *soft)
{
    unsigned long flags;
    struct spinlock *l = lock_queue_of(v, &flags);

    if (hard)
        v->hard_affinity = *hard;
    if (soft)
        v->soft_affinity = *soft;
    spin_unlock_irqrestore(l, flags);
    sched_evict(v);
}

/*
 * The vcpu is off every queue between the two locks, so another CPU may wake, move or pause it
 * meanwhile; then it is theirs.
 */
bool sched_move_work(unsigned victim, unsigned thief)
{
    unsigned long flags = sched_lock_cpu(victim);
    struct vcpu *v = sched_cpus[victim].policy->steal(victim, thief);
    bool here;

    if (v)
        __atomic_store_n(&v->cpu, thief, __ATOMIC_RELEASE);
    sched_unlock_cpu(victim, flags);
    if (!v)
        return false;
    flags = sched_lock_cpu(thief);
    here = v->cpu == thief && v->sched.state == SCHED_OFF_QUEUE && sched_may_run(v, thief);
    if (here && vcpu_runnable(v)) {
        uint64_t now = now_ns();

        /* Paused and let go again meanwhile, it would wait as one that is offline. */
        if (v->runstate.state != RUNSTATE_runnable)
            runstate_change(v, RUNSTATE_runnable, now);
        policy_of(v)->wake(v, now);
    }
    sched_unlock_cpu(thief, flags);
    if (!here)
        vcpu_wake(v);
    return true;
}

/* Called where this CPU would go idle: takes a vcpu that waits elsewhere in its pool. */
static bool steal_work(unsigned cpu)
{
    struct sched_pool *pool = sched_cpu_pool(cpu);
    unsigned victim;

    if (!pool)
        return false;
    for_each_cpu (victim, &pool->cpus)
        if (victim != cpu && pool->policy->queued(victim) && sched_move_work(victim, cpu))
            return true;
    return false;
}

/* Continues at fn on an empty stack: whatever led here belonged to a vcpu that left. */
static void __attribute__((noreturn)) leave_to(void (*fn)(void))
{
    /* The frame lies 8 bytes off a multiple of 16: fn finds the stack as if it had been called. */
    __asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; jmp *%1" ::"r"(guest_regs()), "r"(fn)
                     : "memory");
    __builtin_unreachable();
}

/* Interrupts off. Afterwards nothing of prev is on this CPU; any other may run or free it. */
static void put_away(struct vcpu *prev, unsigned cpu)
{
    if (!is_idle_vcpu(prev)) {
        vcpu_timers_sleep(prev);
        /* For the other vcpus of the domain. Where there is none it is enough to do so on return. */
        if (prev->domain->max_vcpus > 1)
            runstate_update_area(prev);
        prev->domain->vehicle->switch_from(prev);
        /* Its page tables may be given up as soon as it is released; leaving them also flushes. */
        write_cr3(host_cr3);
        cpumask_clear(&prev->domain->dirty_cpumask, cpu);
        prev->dirty_cpu = ~0UL;
    }
    __atomic_store_n(&prev->is_running, false, __ATOMIC_RELEASE);
}

/* Interrupts off. Makes next this CPU's vcpu and loads what it needs: nothing for the idle one. */
static void load(struct vcpu *next, unsigned cpu)
{
    /* The CPU it ran on last puts it away before it waits for anything itself. */
    while (__atomic_load_n(&next->is_running, __ATOMIC_ACQUIRE))
        cpu_relax();
    __atomic_store_n(&next->is_running, true, __ATOMIC_SEQ_CST);
    current = next;
    if (is_idle_vcpu(next))
        return;
    /* Before a translation can be cached: whoever changes tables from now on asks this CPU too. */
    cpumask_set(&next->domain->dirty_cpumask, cpu);
    next->dirty_cpu = cpu;
    next->domain->vehicle->switch_to(next);
    time_update_vcpu(next);
    runstate_update_area(next);
    vcpu_timers_resume(next);
}

/* Interrupts off; does not return. */
static void __attribute__((noreturn))
switch_vcpu(struct vcpu *prev, struct vcpu *next, unsigned cpu)
{
    /*
     * Taken off this queue because it may not run here, though perhaps it may again by now. Read while
     * prev is ours; whoever makes it runnable after that wakes it himself.
     */
    bool homeless = prev->sched.state == SCHED_OFF_QUEUE && vcpu_runnable(prev);

    usage_switch(prev);
    put_away(prev, cpu);
    if (homeless)
        vcpu_wake(prev);
    load(next, cpu);
    usage_enter(next);
    leave_to(is_idle_vcpu(next) ? idle_loop : next->domain->vehicle->enter);
}

/*
 * A timer that is already set for earlier stays: it costs less than to set it again at every
 * switch, and what it finds then is only looked at. An idle CPU is not woken by it.
 */
static void arm_slice(struct sched_cpu *sc, unsigned cpu, uint64_t now, uint64_t slice_ns)
{
    if (sc->slice_at && sc->slice_at <= now)
        sc->slice_at = 0;
    if (slice_ns) {
        sched_recheck(cpu, now, now + slice_ns);
    } else if (sc->slice_at && cpumask_test(&sched_idle_mask, cpu)) {
        timer_stop(&sc->slice_timer);
        sc->slice_at = 0;
    }
}

/* The choice, with the queue locked and interrupts off, which is how it leaves them. */
static struct vcpu *choose(struct sched_cpu *sc, unsigned cpu)
{
    uint64_t now = now_ns(), slice_ns = 0;
    struct vcpu *prev = sc->chosen, *next = sc->policy->pick_next(cpu, now, &slice_ns);

    if (is_idle_vcpu(next))
        cpumask_set(&sched_idle_mask, cpu);
    else
        cpumask_clear(&sched_idle_mask, cpu);
    if (next != prev) {
        runstate_change(prev, is_idle_vcpu(prev) || vcpu_runnable(prev) ? RUNSTATE_runnable
                                                                        : resting_state(prev), now);
        runstate_change(next, RUNSTATE_running, now);
        sc->chosen = next;
    }
    arm_slice(sc, cpu, now, slice_ns);
    return next;
}

/* SOFTIRQ_SCHEDULE: interrupts on, no locks. Returns only when the current vcpu goes on. */
static void schedule(void)
{
    unsigned cpu = smp_cpu_id();
    struct sched_cpu *sc = &sched_cpus[cpu];
    struct vcpu *prev = current, *next;

    irq_disable();
    spin_lock(&sc->lock);
    next = choose(sc, cpu);
    spin_unlock(&sc->lock);
    /* Only now that it is marked idle: who comes later sees that and wakes here. */
    if (is_idle_vcpu(next) && steal_work(cpu)) {
        spin_lock(&sc->lock);
        next = choose(sc, cpu);
        spin_unlock(&sc->lock);
    }
    if (next != prev)
        switch_vcpu(prev, next, cpu);
    irq_enable();
}

static void slice_over(void *arg)
{
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void idle_loop(void)
{
    for (;;) {
        irq_enable();
        softirq_run();
        irq_disable();
        /* STI takes effect after HLT has begun: an interrupt in between is not lost. */
        if (!softirq_any_pending()) {
            usage_halt();
            __asm__ volatile("sti; hlt; cli" ::: "memory");
            usage_wake(); /* not by an interrupt, which has done so: an NMI */
        }
    }
}

void sched_init_cpu(unsigned cpu)
{
    struct sched_cpu *sc = &sched_cpus[cpu];
    struct vcpu *v = kzalloc(sizeof(*v));

    if (!v)
        panic("no memory for the idle vcpu of CPU%u", cpu);
    v->vcpu_id = cpu;
    v->cpu = cpu;
    v->domain = &idle_domain_struct;
    v->vcpu_info = &v->dummy_info;
    v->is_running = true;
    v->sched.state = SCHED_IDLE_VCPU;
    /* At work for us since time began: what a CPU did before it came here was our boot. */
    v->runstate.state = RUNSTATE_running;
    v->runstate.state_entry_time = 0;
    list_init(&v->sched.queue);
    spin_lock_init_irq(&sc->lock, LOCK_SCHED);
    timer_init(&sc->slice_timer, slice_over, NULL, cpu);
    sc->idle = sc->chosen = v;
    cpumask_set(&sched_idle_mask, cpu);
    current = v;
    sched_pool_boot_cpu(cpu);
}

/* The lock is that of where it was: nobody looks for it elsewhere before this is done. */
void sched_reinsert_vcpu(struct vcpu *v)
{
    unsigned long flags;
    struct spinlock *l = lock_queue_of(v, &flags);

    sched_insert_vcpu(v);
    spin_unlock_irqrestore(l, flags);
}

void sched_params_changed(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i) {
        unsigned long flags;
        struct spinlock *l = lock_queue_of(v, &flags);

        if (v->sched.state == SCHED_QUEUED)
            policy_of(v)->sleep(v);
        else if (v->sched.state == SCHED_RUNNING)
            softirq_raise_cpu(v->cpu, SOFTIRQ_SCHEDULE);
        bitmap_clear_atomic(&v->pause_flags, VPF_CAPPED);
        spin_unlock_irqrestore(l, flags);
        vcpu_wake(v);
    }
}

bool sched_cpu_join(unsigned cpu, struct sched_pool *pool)
{
    struct sched_cpu *sc = &sched_cpus[cpu];
    unsigned long flags = sched_lock_cpu(cpu);
    bool drained = !sc->policy || (sc->chosen == sc->idle && !sc->policy->queued(cpu));

    if (drained) {
        sc->policy = pool->policy;
        __atomic_store_n(&sc->pool, pool, __ATOMIC_RELAXED);
        sc->policy->init_cpu(cpu, pool);
        cpumask_set(&pool->cpus, cpu);
    }
    sched_unlock_cpu(cpu, flags);
    /* It may find work that waits elsewhere. */
    softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
    return drained;
}

void sched_cpu_leave(unsigned cpu)
{
    struct sched_cpu *sc = &sched_cpus[cpu];
    unsigned long flags = sched_lock_cpu(cpu);

    cpumask_clear(&sc->pool->cpus, cpu);
    __atomic_store_n(&sc->pool, NULL, __ATOMIC_RELAXED);
    sched_unlock_cpu(cpu, flags);
}

void sched_init(const char *policy_name)
{
    softirq_register(SOFTIRQ_SCHEDULE, schedule);
    sched_pools_init(policy_name);
}
