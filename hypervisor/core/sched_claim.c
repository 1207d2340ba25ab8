/* SPDX-License-Identifier: MIT */
/* Claims on reservations: whose domain has some of its own left, and who comes first by it. */
#include "core/sched_budget.h"
#include "core/sched_share.h"

bool share_claim_left(struct sched_budget *b, uint64_t now)
{
    budget_refill(b, now);
    return budget_left(b) > 0;
}

/* Of two with a claim: of siblings the one that has run less, else who has most left. */
static bool claims_before(const struct vcpu *a, const struct vcpu *b)
{
    if (a->domain == b->domain)
        return vtime_before(a->sched.own, b->sched.own);
    return budget_left(&a->domain->sched.floor_budget) > budget_left(&b->domain->sched.floor_budget);
}

struct vcpu *share_best_claim(struct share_cpu *q, struct vcpu *r, uint64_t now)
{
    struct vcpu *v, *best;

    best = r && r->sched.reserved && share_has_claim(r, now) ? r : NULL;
    list_for_each_entry (v, &q->claims, sched.claim)
        if (!v->sched.yielded && share_has_claim(v, now) && (!best || claims_before(v, best)))
            best = v;
    return best == r ? NULL : best;
}

int64_t share_claim(struct share_cpu *q, uint64_t now)
{
    const struct vcpu *v = share_best_claim(q, NULL, now);

    return v ? budget_left(&v->domain->sched.floor_budget) : 0;
}

struct vcpu *share_sibling_for(struct share_cpu *q, const struct domain *d, unsigned cpu)
{
    struct vcpu *v, *best = NULL;

    list_for_each_entry (v, &q->queue, sched.queue)
        if (v->domain == d && sched_may_run(v, cpu) && (!best || claims_before(v, best)))
            best = v;
    return best;
}
