/* SPDX-License-Identifier: MIT */
/* Where a vcpu that wakes, or is new, shall wait for a CPU. */
#include "core/sched.h"

/* A vcpu that wakes is moved for that much: a CPU that holds nothing of it costs less. */
#define WORTH_MOVING_NS 50000ULL

unsigned sched_least_loaded(const struct vcpu *v)
{
    const struct sched_pool *pool = v->domain->sched.pool;
    unsigned cpu, load, least = ~0u, best = cpumask_next(&pool->cpus, 0);

    for_each_cpu (cpu, &pool->cpus) {
        load = pool->policy->queued(cpu) + !cpumask_test(&sched_idle_mask, cpu);
        if (load < least && sched_may_run(v, cpu)) {
            least = load;
            best = cpu;
        }
    }
    return best;
}

/* A CPU that v may use where the turn that v would end may be ended much sooner than `least`, if any. */
static __attribute__((noinline)) unsigned sooner(const struct vcpu *v, uint64_t least, uint64_t now)
{
    const struct sched_pool *pool = v->domain->sched.pool;
    bool soft = cpumask_test(&v->soft_affinity, v->cpu);
    unsigned cpu, best = v->cpu;

    for (cpu = 0; least >= now + WORTH_MOVING_NS; cpu++) {
        uint64_t at;

        cpu = cpumask_next(&pool->cpus, cpu);
        if (cpu == MAX_CPUS)
            break;
        at = pool->policy->free_at(v, cpu);
        if (at < least - WORTH_MOVING_NS && sched_may_run(v, cpu) &&
            (!soft || cpumask_test(&v->soft_affinity, cpu))) {
            least = at;
            best = cpu;
        }
    }
    return best;
}

/* No CPU is idle, and v may stay on its own. */
static unsigned place_among_busy(const struct vcpu *v, uint64_t now)
{
    const struct sched_policy *policy = v->domain->sched.pool->policy;
    uint64_t at = policy->free_at ? policy->free_at(v, v->cpu) : 0;

    return at < now + WORTH_MOVING_NS ? v->cpu : sooner(v, at, now);
}

unsigned sched_place(const struct vcpu *v, bool moved, uint64_t now)
{
    struct cpumask any, soft;

    if (cpumask_empty(&sched_idle_mask) && sched_may_run(v, v->cpu))
        return moved ? v->cpu : place_among_busy(v, now);
    if (cpumask_test(&sched_idle_mask, v->cpu) && sched_may_run(v, v->cpu) &&
        cpumask_test(&v->soft_affinity, v->cpu))
        return v->cpu;
    cpumask_and(&any, &sched_idle_mask, &v->domain->sched.pool->cpus);
    cpumask_and(&any, &any, &v->hard_affinity);
    cpumask_and(&soft, &any, &v->soft_affinity);
    if (!cpumask_empty(&soft))
        any = soft;
    if (cpumask_empty(&any) && !sched_may_run(v, v->cpu))
        return sched_least_loaded(v);
    if (cpumask_empty(&any))
        return moved ? v->cpu : place_among_busy(v, now);
    return cpumask_test(&any, v->cpu) ? v->cpu : cpumask_next(&any, 0);
}
