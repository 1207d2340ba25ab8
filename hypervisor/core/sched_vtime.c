/* SPDX-License-Identifier: MIT */
/* What a time on a CPU costs; virtual times of domains and of CPUs, and how far they may be apart. */
#include "core/sched_budget.h"
#include "core/sched_pool.h"
#include "core/sched_share.h"
#include "hw/percpu.h"

/* Three slices for each vcpu of d at work. A turn of the others is long for one with a great weight. */
uint64_t share_window(const struct domain *d)
{
    uint64_t ns = 3 * MAX_SLICE_NS;

    return vtime_of(d, ns) * (1 + d->sched.active) + (ns << VTIME_SHIFT) / DEFAULT_WEIGHT;
}

void vtime_raise(struct domain *d, uint64_t to)
{
    uint64_t v = vtime_load(d);

    while (vtime_before(v, to) &&
           !__atomic_compare_exchange_n(&d->sched.vtime, &v, to, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
        ;
}

void share_fit_in(struct share_cpu *q, struct vcpu *v)
{
    struct domain *d = v->domain;
    uint64_t vtime = vtime_load(d), fit = vtime;
    bool slept = !d->sched.active;
    int64_t ahead, most;

    if (!q->running && list_empty(&q->queue))
        raise_max(&q->vref, __atomic_load_n(&q->pool->vref, __ATOMIC_RELAXED));
    ahead = vtime - q->vref;
    if (ahead > 0) {
        int64_t at_home = slept ? (int64_t)(vtime - home_vref(v)) : INT64_MAX;

        most = share_window(d);
        most = at_home > most ? most : at_home > 0 ? at_home : 0;
        if (ahead > most)
            fit = q->vref + most;
    } else {
        most = slept ? vtime_of(d, SLEEPER_LAG_NS) : share_window(d);
        if (-ahead > most)
            fit = q->vref - most;
    }
    if (fit != vtime)
        __atomic_compare_exchange_n(&d->sched.vtime, &vtime, fit, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
}

void share_advance(struct share_cpu *q, uint64_t now)
{
    struct vcpu *head = share_head(q), *last = q->running ? q->running : head;
    uint64_t least, waiting;

    if (!last)
        return;
    least = q->running ? vtime_at(q->running, now) : head->sched.key;
    if (head && vtime_before(head->sched.key, least)) {
        least = head->sched.key;
        last = head;
    }
    /*
     * One that its reservation has brought far ahead does not show how far those without have come:
     * where any wait that may run here, they do. What came here from them would lose all that it is
     * behind.
     */
    if (budget_exists(&last->domain->sched.floor_budget) &&
        __atomic_load_n(&q->pool->balancing, __ATOMIC_RELAXED) &&
        __atomic_load_n(&q->others_come, __ATOMIC_RELAXED)) {
        waiting = __atomic_load_n(&q->pool->vref, __ATOMIC_RELAXED);
        least = vtime_before(waiting, least) ? waiting : least;
    }
    raise_max(&q->vref, least);
}

/* All that is here and has not come half of the way by itself goes on by `by`, in the same order. */
static void lift(struct vcpu *v, uint64_t vref, uint64_t by)
{
    uint64_t ahead = v->sched.key - vref, most = share_window(v->domain);

    if (vtime_before(v->sched.key, vref + by / 2))
        vtime_raise(v->domain, vref + by + ((int64_t)ahead < (int64_t)most ? ahead : most));
}

void share_lift(struct share_cpu *q, uint64_t by)
{
    struct vcpu *v;

    if (q->running) {
        q->running->sched.key = vtime_load(q->running->domain);
        lift(q->running, q->vref, by);
    }
    list_for_each_entry (v, &q->queue, sched.queue)
        lift(v, q->vref, by);
    __atomic_store_n(&q->vref, q->vref + by, __ATOMIC_RELAXED);
}

void share_limit_owed(struct vcpu *v, uint64_t most)
{
    uint64_t least = __atomic_load_n(&v->domain->sched.own_ref, __ATOMIC_RELAXED) - most;

    if (vtime_before(v->sched.own, least))
        v->sched.own = least;
}

/*
 * What of a time on a CPU a reservation has to pay for. Where anybody waits, it is charged once per turn
 * at least; what is longer was used alone, and is no debt.
 */
static uint64_t one_turn(const struct share_cpu *q, uint64_t ns)
{
    uint64_t longest = q->pool->ratelimit_ns > MAX_SLICE_NS ? q->pool->ratelimit_ns : MAX_SLICE_NS;

    return ns < longest ? ns : longest;
}

void share_charge(struct share_cpu *q, uint64_t now)
{
    struct vcpu *v = q->running;
    struct sched_domain *s;
    uint64_t ns;

    if (!v || now <= v->sched.last_start)
        return;
    s = &v->domain->sched;
    ns = now - v->sched.last_start;
    v->sched.last_start = now;
    if (v->sched.capped)
        v->sched.credit -= ns;
    if (budget_exists(&s->floor_budget)) {
        budget_refill(&s->floor_budget, now);
        if (v->sched.reserved)
            budget_give(&s->floor_budget, -(int64_t)one_turn(q, ns));
        else
            budget_use(&s->floor_budget, ns);
    }
    ns = chargeable(ns);
    v->sched.own += ns;
    raise_max(&s->own_ref, v->sched.own);
    share_limit_owed(v, MAX_OWED_NS);
    __atomic_fetch_add(&s->vtime, vtime_of(v->domain, ns), __ATOMIC_RELAXED);
}
