/* SPDX-License-Identifier: MIT */
/* Virtual times of domains and of CPUs, and how far they may be from each other. */
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
    struct vcpu *head = share_head(q);
    uint64_t least;

    if (!q->running && !head)
        return;
    least = q->running ? vtime_at(q->running, now) : head->sched.key;
    if (head && vtime_before(head->sched.key, least))
        least = head->sched.key;
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
