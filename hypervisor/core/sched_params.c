/* SPDX-License-Identifier: MIT */
/* What a domain is entitled to: weight, cap and reservation, checked against its pool. */
#include "core/sched_budget.h"
#include "core/sched_pool.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "public/control.h"

#define KNOWN (PARADOR_SCHED_WEIGHT | PARADOR_SCHED_CAP | PARADOR_SCHED_RESERVATION)

static void fill(struct domain *d, struct parador_sched_params *p)
{
    const struct sched_pool *pool = d->sched.pool;

    *p = (struct parador_sched_params){
        .weight = d->sched.weight,
        .cap = d->sched.cap,
        .reservation = d->sched.reservation,
        .pool = pool->id,
        .capacity = sched_pool_capacity(pool),
        .reserved = sched_pool_reserved(pool, d),
        .sched_id = pool->policy->id,
    };
}

void sched_get_params(struct domain *d, struct parador_sched_params *p)
{
    sched_pool_lock();
    fill(d, p);
    sched_pool_unlock();
}

/* What the flags do not name is as it is. */
static int check(const struct domain *d, uint32_t flags, const struct parador_sched_params *new,
                 const struct parador_sched_params *old)
{
    uint32_t most = 100 * d->max_vcpus;

    /* A dying one gave its reservation back for good. */
    if (d->state != DOM_ALIVE)
        return -ESRCH;
    if (flags & ~KNOWN)
        return -EINVAL;
    if (new->weight < PARADOR_SCHED_WEIGHT_MIN || new->weight > PARADOR_SCHED_WEIGHT_MAX ||
        new->cap > most || new->reservation > most)
        return -EINVAL;
    if (new->cap && new->reservation > new->cap)
        return -EINVAL;
    if ((new->cap ? PARADOR_SCHED_CAP : 0) & ~d->sched.pool->policy->params)
        return -EOPNOTSUPP;
    if ((new->reservation ? PARADOR_SCHED_RESERVATION : 0) & ~d->sched.pool->policy->params)
        return -EOPNOTSUPP;
    if (new->reservation > old->reservation && new->reservation + old->reserved > old->capacity)
        return -ENOSPC;
    return 0;
}

int sched_set_params(struct domain *d, struct parador_sched_params *p)
{
    struct parador_sched_params old, new;
    int rc;

    sched_pool_lock();
    fill(d, &old);
    new = old;
    if (p->flags & PARADOR_SCHED_WEIGHT)
        new.weight = p->weight;
    if (p->flags & PARADOR_SCHED_CAP)
        new.cap = p->cap;
    if (p->flags & PARADOR_SCHED_RESERVATION)
        new.reservation = p->reservation;
    rc = check(d, p->flags, &new, &old);
    if (!rc) {
        uint64_t now = now_ns();

        __atomic_store_n(&d->sched.weight, new.weight, __ATOMIC_RELAXED);
        d->sched.cap = new.cap;
        d->sched.reservation = new.reservation;
        if (new.cap != old.cap)
            budget_set(&d->sched.cap_budget, new.cap, now);
        if (new.reservation != old.reservation)
            budget_set(&d->sched.floor_budget, new.reservation, now);
        sched_params_changed(d);
        old = new;
    }
    old.flags = p->flags;
    *p = old;
    sched_pool_unlock();
    return rc;
}
