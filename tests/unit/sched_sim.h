/* SPDX-License-Identifier: MIT */
/* A machine for scheduling policies: CPUs, guests and a clock that jumps from event to event. */
#ifndef UNIT_SCHED_SIM_H
#define UNIT_SCHED_SIM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sched_pool.h"
#include "core/sched_share.h"
#include "hw/console.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "public/control.h"
#include "public/domctl.h"
#include "suite.h"

#define SIM_CPUS 8
#define SIM_DOMAINS 160
#define SIM_VCPUS 512
#define MS 1000000ULL
#define SEC (1000 * MS)

struct domain idle_domain_struct;
struct cpumask cpu_online_mask, sched_idle_mask;
static unsigned sim_cpus, sim_domains;
static uint64_t sim_now;
/*
 * Timers other than those of slices fire that much late: in step with the periods of budgets the
 * balancer would always see the same part of one.
 */
static uint64_t sim_late;
static const uint64_t lates[] __attribute__((unused)) = { 0, 90000, 900000 };
static struct cpu_info sim_info; /* of the CPU whose turn it is */

/* What a guest does: runs for `run` (0: for ever), then sleeps for `sleep` or yields (sleep 0). */
struct sim_vcpu {
    struct vcpu v;
    uint64_t run, sleep;
    uint64_t left, wakes_at, ran, woken_at, waited, worst_latency;
    bool asleep;
};
static struct sim_vcpu sim_vcpus[SIM_VCPUS];
static unsigned sim_nr_vcpus;
static struct sim_domain {
    struct domain d;
    struct vcpu *vcpus[MAX_VCPUS];
} doms[SIM_DOMAINS];

static struct sim_cpu {
    struct vcpu idle, *on;
    const struct sched_policy *policy;
    struct sched_pool *pool;
    bool resched;
    uint64_t slice_at, since;
    unsigned switches, looks;
} cpus_[SIM_CPUS];

static struct sim_vcpu *sim_of(struct vcpu *v) { return container_of(v, struct sim_vcpu, v); }

/* The hypervisor around the scheduler. */
void panic(const char *fmt, ...) { abort(); }
void printk(enum log_level level, const char *fmt, ...) { }
uint64_t now_ns(void) { return sim_now; }
struct cpu_info *get_cpu_info(void) { return &sim_info; }
struct vcpu *idle_vcpu(unsigned cpu) { return &cpus_[cpu].idle; }
/* Check writes a note for every assertion: too slow for what is asked all the time. */
#define SIM_ASSERT(x) do { if (!(x)) ck_abort_msg("%s", #x); } while (0)
void spin_lock(struct spinlock *l) { SIM_ASSERT(!l->ticket++); }
void spin_unlock(struct spinlock *l) { SIM_ASSERT(l->ticket-- == 1); }
void runstate_change(struct vcpu *v, int state, uint64_t now) { v->runstate.state = state; }

#define SIM_TIMERS 256
static struct timer *armed[SIM_TIMERS];
void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu)
{
    *t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu };
}
void timer_stop(struct timer *t)
{
    for (unsigned i = 0; i < SIM_TIMERS; i++)
        if (armed[i] == t)
            armed[i] = NULL;
}
void timer_kill(struct timer *t) { timer_stop(t); }
void timer_migrate(struct timer *t, unsigned cpu) { t->cpu = cpu; }
void timer_set(struct timer *t, uint64_t when)
{
    unsigned i = 0;

    timer_stop(t);
    while (armed[i])
        i++;
    SIM_ASSERT(i < SIM_TIMERS);
    t->node.key = when + sim_late;
    armed[i] = t;
}

/* The core: as core/sched.c, without registers and without races. */
unsigned long sched_lock_cpu(unsigned cpu) { return 0; }
/* What another CPU does as soon as this one has let go of a queue. */
static void (*sim_meanwhile)(void);
void sched_unlock_cpu(unsigned cpu, unsigned long flags)
{
    if (sim_meanwhile)
        sim_meanwhile();
}
struct sched_pool *sched_cpu_pool(unsigned cpu) { return cpus_[cpu].pool; }
void sched_tickle(unsigned cpu)
{
    cpumask_clear(&sched_idle_mask, cpu);
    cpus_[cpu].resched = true;
}
void sched_recheck(unsigned cpu, uint64_t now, uint64_t when)
{
    if (when <= now)
        sched_tickle(cpu);
    else if (!cpus_[cpu].slice_at || when < cpus_[cpu].slice_at)
        cpus_[cpu].slice_at = when;
}
static const struct sched_policy *policy_of(const struct vcpu *v)
{
    return v->domain->sched.pool->policy;
}
void vcpu_wake(struct vcpu *v)
{
    if (v->sched.state != SCHED_OFF_QUEUE)
        return;
    if (!vcpu_runnable(v)) {
        if (policy_of(v)->rest)
            policy_of(v)->rest(v);
        return;
    }
    v->cpu = sched_place(v, false, sim_now);
    v->runstate.state = RUNSTATE_runnable;
    policy_of(v)->wake(v, sim_now);
}
void sched_evict(struct vcpu *v)
{
    if (!sched_may_run(v, v->cpu)) {
        if (v->sched.state == SCHED_QUEUED)
            policy_of(v)->sleep(v);
        else if (v->sched.state == SCHED_RUNNING)
            cpus_[v->cpu].resched = true;
    }
    vcpu_wake(v);
}
void sched_replace_affinity(struct vcpu *v, const struct cpumask *hard, const struct cpumask *soft)
{
    if (hard)
        v->hard_affinity = *hard;
    if (soft)
        v->soft_affinity = *soft;
    sched_evict(v);
}
bool sched_move_work(unsigned victim, unsigned thief)
{
    struct vcpu *v = cpus_[victim].policy->steal(victim, thief);

    if (!v)
        return false;
    SIM_ASSERT(sched_may_run(v, thief));
    v->cpu = thief;
    policy_of(v)->wake(v, sim_now);
    return true;
}
bool sched_cpu_join(unsigned cpu, struct sched_pool *pool)
{
    struct sim_cpu *c = &cpus_[cpu];

    if (c->policy && (c->on != &c->idle || c->policy->queued(cpu)))
        return false;
    c->policy = pool->policy;
    c->pool = pool;
    c->policy->init_cpu(cpu, pool);
    cpumask_set(&pool->cpus, cpu);
    c->resched = true;
    return true;
}
void sched_cpu_leave(unsigned cpu)
{
    cpumask_clear(&cpus_[cpu].pool->cpus, cpu);
    cpus_[cpu].pool = NULL;
}
void sched_reinsert_vcpu(struct vcpu *v)
{
    v->cpu = cpumask_next(&v->domain->sched.pool->cpus, 0);
    policy_of(v)->insert(v);
}
void sched_params_changed(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i) {
        if (v->sched.state == SCHED_QUEUED)
            policy_of(v)->sleep(v);
        else if (v->sched.state == SCHED_RUNNING)
            cpus_[v->cpu].resched = true;
        bitmap_clear_atomic(&v->pause_flags, VPF_CAPPED);
        vcpu_wake(v);
    }
}
void domain_for_each(domid_t first, bool (*fn)(struct domain *d, void *arg), void *arg)
{
    for (unsigned i = first; i < sim_domains; i++)
        if (!fn(&doms[i].d, arg))
            return;
}

/* One CPU chooses. */
static void account(struct sim_cpu *c)
{
    if (c->on != &c->idle) {
        sim_of(c->on)->ran += sim_now - c->since;
        if (sim_of(c->on)->run)
            sim_of(c->on)->left -= sim_now - c->since;
    }
    c->since = sim_now;
}
static struct vcpu *choose(unsigned cpu)
{
    struct sim_cpu *c = &cpus_[cpu];
    uint64_t slice = 0;
    struct vcpu *v = c->policy->pick_next(cpu, sim_now, &slice);

    if (v == &c->idle)
        cpumask_set(&sched_idle_mask, cpu);
    else
        cpumask_clear(&sched_idle_mask, cpu);
    if (c->slice_at && c->slice_at <= sim_now)
        c->slice_at = 0;
    if (slice)
        sched_recheck(cpu, sim_now, sim_now + slice);
    else if (v == &c->idle)
        c->slice_at = 0;
    return v;
}
static void reschedule(unsigned cpu)
{
    struct sim_cpu *c = &cpus_[cpu];
    struct vcpu *prev = c->on, *v;

    c->resched = false;
    c->looks++;
    account(c);
    v = choose(cpu);
    for (unsigned victim = 0; v == &c->idle && c->pool && victim < sim_cpus; victim++)
        if (victim != cpu && cpus_[victim].pool == c->pool && c->policy->queued(victim) &&
            sched_move_work(victim, cpu))
            v = choose(cpu);
    c->on = v;
    c->switches += v != prev;
    if (v != &c->idle) {
        struct sim_vcpu *s = sim_of(v);

        SIM_ASSERT(sched_may_run(v, cpu) && vcpu_runnable(v));
        v->runstate.state = RUNSTATE_running;
        if (s->woken_at)
            s->waited += sim_now - s->woken_at;
        if (s->woken_at && sim_now - s->woken_at > s->worst_latency)
            s->worst_latency = sim_now - s->woken_at;
        s->woken_at = 0;
    }
    if (prev != v && prev != &c->idle && !sched_may_run(prev, cpu))
        vcpu_wake(prev);
}

/* As VCPUOP_down and VCPUOP_up by a sibling. */
static inline void sim_down(struct vcpu *v)
{
    bitmap_set_atomic(&v->pause_flags, VPF_DOWN);
    if (v->sched.state == SCHED_QUEUED)
        policy_of(v)->sleep(v);
    if (v->sched.state == SCHED_RUNNING)
        cpus_[v->cpu].resched = true;
    else if (policy_of(v)->rest)
        policy_of(v)->rest(v);
}
static inline void sim_up(struct vcpu *v)
{
    bitmap_clear_atomic(&v->pause_flags, VPF_DOWN);
    vcpu_wake(v);
}

/* The one that runs has come to the end of its burst. */
static void end_burst(unsigned cpu)
{
    struct sim_cpu *c = &cpus_[cpu];
    struct sim_vcpu *s = sim_of(c->on);

    account(c);
    s->left = s->run;
    if (s->sleep) {
        s->asleep = true;
        s->wakes_at = sim_now + s->sleep;
        bitmap_set_atomic(&s->v.pause_flags, VPF_BLOCKED);
    } else {
        policy_of(&s->v)->yield(&s->v);
    }
    c->resched = true;
}

static void earlier(uint64_t *t, uint64_t other)
{
    if (other < *t)
        *t = other;
}

#define for_each_sim_vcpu(s) \
    for (unsigned i_ = 0; i_ < sim_domains; i_++) \
        for (unsigned j_ = 0; j_ < doms[i_].d.max_vcpus; j_++) \
            if (((s) = sim_of(doms[i_].vcpus[j_])))

static uint64_t next_event(void)
{
    uint64_t t = UINT64_MAX;
    struct sim_vcpu *s;

    for (unsigned i = 0; i < SIM_TIMERS; i++)
        if (armed[i])
            earlier(&t, armed[i]->node.key);
    for (unsigned cpu = 0; cpu < sim_cpus; cpu++) {
        struct sim_cpu *c = &cpus_[cpu];

        if (c->slice_at)
            earlier(&t, c->slice_at);
        if (c->on != &c->idle && sim_of(c->on)->run)
            earlier(&t, c->since + sim_of(c->on)->left);
    }
    for_each_sim_vcpu (s)
        if (s->asleep)
            earlier(&t, s->wakes_at);
    return t;
}

static void happen(void)
{
    struct sim_vcpu *s;

    for (unsigned i = 0; i < SIM_TIMERS; i++) {
        struct timer *t = armed[i];

        if (t && t->node.key <= sim_now) {
            armed[i] = NULL;
            sim_info.cpu = t->cpu;
            t->fn(t->arg);
        }
    }
    for_each_sim_vcpu (s)
        if (s->asleep && s->wakes_at <= sim_now) {
            s->asleep = false;
            s->woken_at = sim_now;
            bitmap_clear_atomic(&s->v.pause_flags, VPF_BLOCKED);
            vcpu_wake(&s->v);
        }
    for (unsigned cpu = 0; cpu < sim_cpus; cpu++) {
        struct sim_cpu *c = &cpus_[cpu];

        if (c->slice_at && c->slice_at <= sim_now)
            c->resched = true;
        if (c->on != &c->idle && sim_of(c->on)->run &&
            sim_now - c->since >= sim_of(c->on)->left)
            end_burst(cpu);
    }
}

static void sim_settle(void)
{
    bool again = true;

    while (again) {
        again = false;
        for (unsigned cpu = 0; cpu < sim_cpus; cpu++)
            if (cpus_[cpu].resched) {
                sim_info.cpu = cpu;
                reschedule(cpu);
                again = true;
            }
    }
}

static void sim_run(uint64_t ns)
{
    uint64_t end = sim_now + ns, t;

    sim_settle();
    while ((t = next_event()) < end) {
        sim_now = t > sim_now ? t : sim_now;
        happen();
        sim_settle();
    }
    sim_now = end;
    for (unsigned cpu = 0; cpu < sim_cpus; cpu++)
        account(&cpus_[cpu]);
}

/* A machine with that many CPUs, all in pool 0, and no domain. */
static void sim_boot(unsigned cpus, const char *policy)
{
    memset(cpus_, 0, sizeof(cpus_));
    memset(armed, 0, sizeof(armed));
    cpumask_zero(&cpu_online_mask);
    cpumask_zero(&sched_idle_mask);
    sim_cpus = cpus;
    sim_domains = sim_nr_vcpus = 0;
    sim_now = SEC;
    sim_meanwhile = NULL;
    sched_pools_init(policy);
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        cpumask_set(&cpu_online_mask, cpu);
        cpumask_set(&sched_idle_mask, cpu);
        cpus_[cpu].idle.domain = &idle_domain_struct;
        cpus_[cpu].on = &cpus_[cpu].idle;
        sched_pool_boot_cpu(cpu);
    }
}

/* A domain whose vcpus all do the same. */
static struct domain *sim_domain(unsigned vcpus, unsigned weight, uint64_t run, uint64_t sleep)
{
    struct sim_domain *s = &doms[sim_domains];
    struct domain *d = &s->d;

    memset(s, 0, sizeof(*s));
    d->domid = sim_domains;
    d->max_vcpus = vcpus;
    d->vcpu = s->vcpus;
    ck_assert_int_eq(sched_domain_init(d, 0), 0);
    d->sched.weight = weight;
    for (unsigned i = 0; i < vcpus; i++) {
        struct sim_vcpu *v = &sim_vcpus[sim_nr_vcpus++];

        SIM_ASSERT(sim_nr_vcpus <= SIM_VCPUS);
        memset(v, 0, sizeof(*v));
        s->vcpus[i] = &v->v;
        v->run = v->left = run;
        v->sleep = sleep;
        v->v.domain = d;
        v->v.vcpu_id = i;
        v->v.hard_affinity = v->v.soft_affinity = cpu_online_mask;
        list_init(&v->v.sched.queue);
        list_init(&v->v.sched.claim);
        list_init(&v->v.sched.woken);
        v->v.cpu = (sim_domains + i) % sim_cpus;
        policy_of(&v->v)->insert(&v->v);
    }
    sim_domains++;
    return d;
}

static void sim_start(struct domain *d)
{
    for (unsigned i = 0; i < d->max_vcpus; i++)
        vcpu_wake(d->vcpu[i]);
}

static void sim_start_all(void)
{
    for (unsigned i = 0; i < sim_domains; i++)
        sim_start(&doms[i].d);
}

void domain_pause(struct domain *d)
{
    d->pause_count++;
    for (unsigned i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpu[i];

        if (v->sched.state == SCHED_QUEUED)
            policy_of(v)->sleep(v);
        else if (v->sched.state == SCHED_RUNNING)
            reschedule(v->cpu);
    }
}

void domain_unpause(struct domain *d)
{
    if (!--d->pause_count)
        sim_start(d);
}

static uint64_t sim_ran(const struct domain *d)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < d->max_vcpus; i++)
        sum += sim_of(d->vcpu[i])->ran;
    return sum;
}

static void sim_reset_counts(void)
{
    struct sim_vcpu *s;

    for_each_sim_vcpu (s)
        s->ran = s->waited = s->worst_latency = 0;
    for (unsigned cpu = 0; cpu < sim_cpus; cpu++)
        cpus_[cpu].switches = cpus_[cpu].looks = 0;
}

static inline int sim_set(struct domain *d, uint32_t flags, uint32_t value)
{
    struct parador_sched_params p = { flags, value, value, value, 0, 0, 0, 0 };

    return sched_set_params(d, &p);
}

/* `got` within `percent` of `want`, both times. */
static void assert_near(const char *what, uint64_t got, double want, double percent)
{
    double off = (got - want) * 100 / want;

    if (getenv("SIM_VERBOSE"))
        printf("  %-40s %10.3f ms, wanted %10.3f: %+.2f %%\n", what, got / 1e6, want / 1e6, off);
    else
        ck_assert_msg(off <= percent && off >= -percent, "%s: %.3f ms instead of %.3f (%+.2f %%)",
                      what, got / 1e6, want / 1e6, off);
}

static const unsigned doubling[] __attribute__((unused)) = { 1, 2, 4, 8 };

/* Shares of `total` CPUs for weights 1:2:4:8 when none can use more than `most`. */
static inline void fair(double total, double most, double share[4])
{
    bool full[4] = { false };

    for (unsigned round = 0; round < 4; round++) {
        double weights = 0, left = total;

        for (unsigned i = 0; i < 4; i++) {
            if (full[i])
                left -= most;
            else
                weights += doubling[i];
        }
        for (unsigned i = 0; i < 4; i++)
            share[i] = full[i] ? most : left * doubling[i] / weights;
        for (unsigned i = 0; i < 4; i++)
            full[i] |= share[i] > most;
    }
}

#endif
