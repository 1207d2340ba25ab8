/* SPDX-License-Identifier: MIT */
/* The balancer of the proportional-share policy: shares hold across the CPUs of a pool. */
#include "core/sched_pool.h"
#include "core/sched_share.h"
#include "hw/percpu.h"
#include "hw/tsc.h"

/*
 * While anything waits in a pool, a timer looks at all its CPUs once per period. Where a vcpu waits
 * whose domain is behind that of one that runs on another CPU, it goes there and takes its turn.
 * A domain that runs although it is behind all that wait cannot use more than it gets (it has too
 * few vcpus for its weight, say): it is owed nothing, and its virtual time is brought up to theirs.
 * When nothing waits any more the timer stops.
 */
#define PERIOD_NS SCHED_SLICE_NS
#define TRIES 4 /* per CPU and period: others whose vcpus turn out not to be allowed over */
#define NEVER INT64_MAX
#define CLAIM (INT64_MIN / 2) /* what waits with a claim on a reservation comes before everything */

/* What a CPU does and what waits there, in virtual time relative to the pool's reference. */
struct view {
    int64_t head, running; /* NEVER: none */
    int64_t grain;         /* what the running one may be ahead without harm */
    uint64_t own;          /* the running one's, and its domain: for its siblings that wait */
    struct domain *domain; /* stays, as this CPU passes no quiescent point meanwhile */
    bool done;
};

/* Of a CPU the balancer of its pool alone looks at its view. */
static struct view views[MAX_CPUS];

void share_start_balancer(struct sched_pool *pool, unsigned cpu, uint64_t now)
{
    if (__atomic_load_n(&pool->balancing, __ATOMIC_RELAXED) ||
        cpumask_next(&pool->cpus, cpumask_next(&pool->cpus, 0) + 1) == MAX_CPUS ||
        __atomic_exchange_n(&pool->balancing, true, __ATOMIC_SEQ_CST))
        return;
    timer_migrate(&pool->balancer, cpu);
    timer_set(&pool->balancer, now + PERIOD_NS);
}

static void look(struct sched_pool *pool, unsigned cpu, uint64_t now)
{
    struct share_cpu *q = share_cpu(cpu);
    unsigned long flags = sched_lock_cpu(cpu);
    struct view *w = &views[cpu];
    struct vcpu *head = share_head(q), *r = q->running;

    share_charge(q, now);
    share_advance(q, now);
    *w = (struct view){ .head = NEVER, .running = NEVER, .done = w->done };
    if (head)
        w->head = share_claim_waits(q, now) ? CLAIM : (int64_t)(head->sched.key - pool->vref);
    if (r) {
        w->domain = r->domain;
        w->own = r->sched.own;
        w->running = r->sched.reserved ? CLAIM : (int64_t)(vtime_load(r->domain) - pool->vref);
        w->grain = GRAIN + vtime_of(r->domain, pool->ratelimit_ns);
    }
    sched_unlock_cpu(cpu, flags);
}

/*
 * Virtual times of CPUs with no competition, or to which different domains are pinned, go their own
 * ways. Differences that fair shares cannot explain are not debts: the slower ones are lifted.
 */
static void align(struct sched_pool *pool)
{
    uint64_t top = 0, limit = 0;
    bool any = false;
    unsigned cpu;

    for_each_cpu (cpu, &pool->cpus)
        if (views[cpu].domain) {
            uint64_t lag = share_lag(views[cpu].domain);

            if (!any || vtime_before(top, share_cpu(cpu)->vref))
                top = share_cpu(cpu)->vref;
            any = true;
            limit = lag > limit ? lag : limit;
        }
    for_each_cpu (cpu, &pool->cpus)
        if (views[cpu].domain && vtime_before(share_cpu(cpu)->vref + 2 * limit, top)) {
            unsigned long flags = sched_lock_cpu(cpu);

            share_lift(share_cpu(cpu), top - share_cpu(cpu)->vref);
            sched_unlock_cpu(cpu, flags);
        }
}

/* Brings those that run without anything being owed to them up to those that wait. */
static void settle(struct sched_pool *pool)
{
    int64_t least = NEVER;
    unsigned cpu;
    uint64_t vref;

    for_each_cpu (cpu, &pool->cpus)
        if (views[cpu].head < least && views[cpu].head != CLAIM)
            least = views[cpu].head;
    if (least == NEVER)
        return;
    vref = pool->vref + least;
    for_each_cpu (cpu, &pool->cpus)
        if (views[cpu].domain)
            vtime_raise(views[cpu].domain, vref - share_lag(views[cpu].domain));
    if (least > 0)
        __atomic_store_n(&pool->vref, vref, __ATOMIC_RELAXED);
}

/* Is what waits on `from` and may run on `to` that much behind what runs there? */
static bool behind(struct sched_pool *pool, unsigned from, unsigned to)
{
    struct share_cpu *q = share_cpu(from);
    const struct view *w = &views[to];
    unsigned long flags = sched_lock_cpu(from);
    struct vcpu *v = share_first_for(q, to);
    bool yes = false;

    if (v && views[from].head == CLAIM)
        yes = w->running != CLAIM;
    else if (v && v->domain == w->domain)
        yes = (int64_t)(w->own - v->sched.own) > 2 * (int64_t)PERIOD_NS;
    else if (v)
        yes = w->running == NEVER ||
              (int64_t)(v->sched.key - pool->vref) < w->running - w->grain;
    sched_unlock_cpu(from, flags);
    return yes;
}

/* Something that waits elsewhere in `pool` takes its turn on `to`, if that is due. */
static void pull(struct sched_pool *pool, unsigned to, uint64_t now)
{
    struct cpumask tried;

    cpumask_zero(&tried);
    for (unsigned i = 0; i < TRIES; i++) {
        unsigned cpu, from = MAX_CPUS;

        for_each_cpu (cpu, &pool->cpus)
            if (cpu != to && !cpumask_test(&tried, cpu) && views[cpu].head <= views[to].running &&
                (from == MAX_CPUS || views[cpu].head < views[from].head))
                from = cpu;
        if (from == MAX_CPUS)
            return;
        cpumask_set(&tried, from);
        if (behind(pool, from, to) && sched_move_work(from, to)) {
            look(pool, from, now);
            return;
        }
    }
}

void sched_share_balance(void *arg)
{
    struct sched_pool *pool = arg;
    uint64_t now = now_ns();
    bool waiting = false;
    unsigned cpu, next;

    if (pool->policy == &sched_share) {
        for_each_cpu (cpu, &pool->cpus) {
            views[cpu].done = false;
            look(pool, cpu, now);
        }
        align(pool);
        for_each_cpu (cpu, &pool->cpus)
            look(pool, cpu, now);
        settle(pool);
        /* Whoever is furthest ahead gives way first. */
        do {
            next = MAX_CPUS;
            for_each_cpu (cpu, &pool->cpus)
                if (!views[cpu].done &&
                    (next == MAX_CPUS || views[cpu].running > views[next].running))
                    next = cpu;
            if (next != MAX_CPUS) {
                views[next].done = true;
                pull(pool, next, now);
            }
        } while (next != MAX_CPUS);
    }
    __atomic_store_n(&pool->balancing, false, __ATOMIC_SEQ_CST);
    for_each_cpu (cpu, &pool->cpus)
        waiting |= sched_share.queued(cpu) != 0;
    if (waiting)
        share_start_balancer(pool, cpumask_next(&pool->cpus, 0), now);
}
