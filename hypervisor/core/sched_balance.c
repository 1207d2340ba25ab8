/* SPDX-License-Identifier: MIT */
/* The balancer of the proportional-share policy: shares hold across the CPUs of a pool. */
#include "core/sched_budget.h"
#include "core/sched_pool.h"
#include "core/sched_share.h"
#include "hw/percpu.h"
#include "hw/tsc.h"

/*
 * While anything waits in a pool, a timer looks at all its CPUs once per period. Where a vcpu waits
 * whose domain is behind that of one that runs on another CPU, it goes there and takes its turn.
 * Reservations come first: what waits with a claim on one goes where none is at work and none as
 * great waits. All others are compared with each other, whatever goes before them on their CPUs.
 * A domain that runs although it is behind all that wait cannot use more than it gets (it has too
 * few vcpus for its weight, say): it is owed nothing, and its virtual time is brought up to theirs.
 * When nothing waits any more the timer stops.
 */
#define PERIOD_NS SCHED_SLICE_NS
#define TRIES 4 /* per CPU and period: others whose vcpus turn out not to be allowed over */
#define NEVER INT64_MAX

/* What a CPU does and what waits there, in virtual time relative to the pool's reference. */
struct view {
    int64_t head;          /* NEVER: nothing waits */
    int64_t level;         /* how far they have come here: the running one, unless it has a claim */
    int64_t grain;         /* what that may be ahead without harm */
    int64_t claim;         /* the greatest claim of those that wait, ns */
    bool reserved;         /* the running one has one */
    uint64_t own;          /* the running one's, and its domain: for its siblings that wait */
    struct domain *domain; /* stays, as this CPU passes no quiescent point meanwhile */
    const struct domain *claimer; /* of the one with a reservation that waits longest */
    bool done, served;     /* in this round: pull() was called; a claim has come here */
    bool tried, others;    /* something that waits elsewhere was to come here; it may */
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
    struct share_cpu *q = &share_cpus[cpu];
    unsigned long flags = sched_lock_cpu(cpu);
    struct view *w = &views[cpu];
    struct vcpu *r = q->running, *head, *at;

    share_charge(q, now);
    share_advance(q, now);
    head = share_head(q);
    *w = (struct view){ .head = NEVER, .level = NEVER, .done = w->done, .served = w->served,
                        .tried = w->tried, .others = w->others };
    if (head) {
        w->head = (int64_t)(head->sched.key - pool->vref);
        w->claim = share_claim(q, now);
    }
    if (!list_empty(&q->claims))
        w->claimer = list_entry(q->claims.next, struct vcpu, sched.claim)->domain;
    if (r) {
        w->domain = r->domain;
        w->own = r->sched.own;
        /* Where it is alone it has not been asked since it began whether it still has a claim. */
        w->reserved = r->sched.reserved && (head || share_has_claim(r, now));
    }
    at = w->reserved ? head : r;
    if (at) {
        w->level = (int64_t)(vtime_load(at->domain) - pool->vref);
        w->grain = GRAIN + vtime_of(at->domain, pool->ratelimit_ns);
    } else if (r) {
        w->level = INT64_MIN; /* by itself, and only as long as its claim lasts */
    }
    sched_unlock_cpu(cpu, flags);
}

/*
 * Virtual times of CPUs with no competition, or to which different domains are pinned, go their own
 * ways. Differences that fair shares cannot explain are not debts: the slower ones are lifted.
 */
static void align(const struct cpumask *cpus)
{
    uint64_t top = 0, limit = 0;
    bool any = false;
    unsigned cpu;

    for_each_cpu (cpu, cpus)
        if (views[cpu].domain) {
            uint64_t lag = share_window(views[cpu].domain);

            if (!any || vtime_before(top, share_cpus[cpu].vref))
                top = share_cpus[cpu].vref;
            any = true;
            limit = lag > limit ? lag : limit;
        }
    for_each_cpu (cpu, cpus)
        if (views[cpu].domain && vtime_before(share_cpus[cpu].vref + 2 * limit, top)) {
            unsigned long flags = sched_lock_cpu(cpu);

            share_lift(&share_cpus[cpu], top - share_cpus[cpu].vref);
            sched_unlock_cpu(cpu, flags);
        }
}

/* Brings those that run without anything being owed to them up to those that wait. */
static void settle(struct sched_pool *pool, const struct cpumask *cpus)
{
    int64_t least = NEVER;
    unsigned cpu;
    uint64_t vref;

    for_each_cpu (cpu, cpus)
        if (views[cpu].head < least)
            least = views[cpu].head;
    if (least == NEVER)
        return;
    vref = pool->vref + least;
    for_each_cpu (cpu, cpus)
        if (views[cpu].domain)
            vtime_raise(views[cpu].domain, vref - share_window(views[cpu].domain));
    if (least > 0)
        __atomic_store_n(&pool->vref, vref, __ATOMIC_RELAXED);
}

/* Is what waits on `from` and may run on `to` that much behind what is there? */
static bool behind(struct sched_pool *pool, unsigned from, unsigned to, uint64_t now)
{
    struct share_cpu *q = &share_cpus[from];
    const struct view *w = &views[to];
    unsigned long flags = sched_lock_cpu(from);
    struct vcpu *v = share_first_for(q, to, now);
    bool yes = false;

    views[to].tried = true;
    views[to].others |= v != NULL;
    if (v && !share_cpus[to].no_claims && share_has_claim(v, now))
        yes = true;
    else if (v && v->domain == w->domain)
        yes = (int64_t)(w->own - v->sched.own) > 2 * (int64_t)PERIOD_NS;
    else if (v)
        yes = w->level == NEVER || (int64_t)(v->sched.key - pool->vref) < w->level - w->grain;
    sched_unlock_cpu(from, flags);
    return yes;
}

/* A claim that waits on `from` would be served sooner on `to`. */
static bool claim_goes(unsigned from, unsigned to)
{
    return !views[to].reserved && !views[to].served && !views[from].served &&
           views[from].claim > views[to].claim + (int64_t)MIN_SLICE_NS;
}

/* What waits on `from`, in the order in which it shall go to `to`. */
static int64_t urgency(unsigned from, unsigned to)
{
    return claim_goes(from, to) ? INT64_MIN / 2 - views[from].claim : views[from].head;
}

/* Something that waits elsewhere in `pool` takes its turn on `to`, if that is due. */
static void pull(struct sched_pool *pool, const struct cpumask *cpus, unsigned to, uint64_t now)
{
    struct cpumask tried;

    cpumask_zero(&tried);
    for (unsigned i = 0; i < TRIES; i++) {
        unsigned cpu, from = MAX_CPUS;

        for_each_cpu (cpu, cpus)
            if (cpu != to && !cpumask_test(&tried, cpu) && urgency(cpu, to) <= views[to].level &&
                (from == MAX_CPUS || urgency(cpu, to) < urgency(from, to)))
                from = cpu;
        if (from == MAX_CPUS)
            return;
        cpumask_set(&tried, from);
        __atomic_store_n(&share_cpus[to].no_claims, !claim_goes(from, to), __ATOMIC_RELAXED);
        if (behind(pool, from, to, now) && sched_move_work(from, to)) {
            /* It will be at work there, and does not go back. */
            views[to].served |= claim_goes(from, to);
            look(pool, from, now);
            return;
        }
    }
}

/* A sibling that waits on `from` has run that much less than the one on `to`. */
static bool sibling_behind(unsigned from, unsigned to)
{
    unsigned long flags = sched_lock_cpu(from);
    struct vcpu *v = share_sibling_for(&share_cpus[from], views[to].domain, to);
    bool yes = v && (int64_t)(views[to].own - v->sched.own) > 2 * (int64_t)PERIOD_NS;

    sched_unlock_cpu(from, flags);
    return yes;
}

/*
 * Vcpus of a domain with a reservation wait for each other, not for what it has left: one comes to
 * `to`, where a sibling has run much more.
 */
static void even_out(const struct cpumask *cpus, unsigned to)
{
    const struct domain *d = views[to].domain;
    unsigned from;

    if (!d || !budget_exists(&d->sched.floor_budget))
        return;
    __atomic_store_n(&share_cpus[to].siblings, d, __ATOMIC_RELAXED);
    for_each_cpu (from, cpus)
        if (from != to && views[from].claimer == d && sibling_behind(from, to) &&
            sched_move_work(from, to))
            break;
    __atomic_store_n(&share_cpus[to].siblings, NULL, __ATOMIC_RELAXED);
}

/* Where a sibling of v works that has had its part, and v, which waits on `from`, may run; MAX_CPUS: nowhere. */
static unsigned sibling_cpu(const struct vcpu *v, unsigned from, const struct cpumask *cpus)
{
    const struct domain *d = v->domain;
    const struct vcpu *s;
    unsigned i, cpu;

    for_each_vcpu (d, s, i) {
        cpu = __atomic_load_n(&s->cpu, __ATOMIC_RELAXED);
        if (cpu != from && cpumask_test(cpus, cpu) && sched_may_run(v, cpu) &&
            (s->sched.state == SCHED_QUEUED || s->sched.state == SCHED_RUNNING) &&
            !share_is_neglected(s))
            return cpu;
    }
    return MAX_CPUS;
}

/*
 * A domain may have its share by vcpus on some CPUs alone, and those that wait on others nothing. Such a
 * one goes to where a sibling works; if it may not, it has a turn where it is.
 */
static void serve_neglected(const struct cpumask *cpus, unsigned from, uint64_t now)
{
    struct share_cpu *q = &share_cpus[from];
    unsigned long flags = sched_lock_cpu(from);
    const struct domain *d = NULL;
    unsigned to = MAX_CPUS;
    struct vcpu *v;

    list_for_each_entry (v, &q->queue, sched.queue)
        if (share_is_neglected(v)) {
            d = v->domain;
            to = sibling_cpu(v, from, cpus);
            if (to == MAX_CPUS && now >= q->helped_at + HELP_EVERY_NS) {
                q->helped_at = now;
                q->neglected = v;
            }
            break;
        }
    sched_unlock_cpu(from, flags);
    if (to == MAX_CPUS)
        return;
    __atomic_store_n(&share_cpus[to].siblings, d, __ATOMIC_RELAXED);
    sched_move_work(from, to);
    __atomic_store_n(&share_cpus[to].siblings, NULL, __ATOMIC_RELAXED);
}

void sched_share_balance(void *arg)
{
    struct sched_pool *pool = arg;
    /* One that joins meanwhile has not been looked at: its view is of some time ago. */
    const struct cpumask now_here = pool->cpus, *cpus = &now_here;
    uint64_t now = now_ns();
    bool waiting = false;
    unsigned cpu, next;

    if (pool->policy == &sched_share) {
        for_each_cpu (cpu, cpus) {
            views[cpu] = (struct view){ .done = false };
            look(pool, cpu, now);
        }
        align(cpus);
        for_each_cpu (cpu, cpus)
            look(pool, cpu, now);
        settle(pool, cpus);
        /* Whoever is furthest ahead gives way first. */
        do {
            next = MAX_CPUS;
            for_each_cpu (cpu, cpus)
                if (!views[cpu].done &&
                    (next == MAX_CPUS || views[cpu].level > views[next].level))
                    next = cpu;
            if (next != MAX_CPUS) {
                views[next].done = true;
                pull(pool, cpus, next, now);
                if (views[next].tried)
                    __atomic_store_n(&share_cpus[next].others_come, views[next].others,
                                     __ATOMIC_RELAXED);
            }
        } while (next != MAX_CPUS);
        for_each_cpu (cpu, cpus)
            even_out(cpus, cpu);
        for_each_cpu (cpu, cpus)
            serve_neglected(cpus, cpu, now);
    }
    __atomic_store_n(&pool->balancing, false, __ATOMIC_SEQ_CST);
    for_each_cpu (cpu, &pool->cpus)
        waiting |= sched_share.queued(cpu) ||
                   __atomic_exchange_n(&share_cpus[cpu].waited, false, __ATOMIC_RELAXED);
    if (waiting)
        share_start_balancer(pool, cpumask_next(&pool->cpus, 0), now);
}
