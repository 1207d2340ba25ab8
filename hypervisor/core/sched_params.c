/* SPDX-License-Identifier: MIT */
/* What a domain is entitled to: weight, cap and reservation, checked and handed to the policy. */
#include "core/sched.h"
#include "lib/errno.h"
#include "public/control.h"

void sched_get_params(struct domain *d, struct parador_sched_params *p)
{
    *p = (struct parador_sched_params){
        .weight = d->weight,
        .cap = d->cap,
        .capacity = 100 * cpumask_weight(&cpu_online_mask),
        .sched_id = sched_policy->id,
    };
}

int sched_set_params(struct domain *d, struct parador_sched_params *p)
{
    if (p->flags & ~(PARADOR_SCHED_WEIGHT | PARADOR_SCHED_CAP | PARADOR_SCHED_RESERVATION))
        return -EINVAL;
    if ((p->flags & PARADOR_SCHED_WEIGHT) &&
        (p->weight < PARADOR_SCHED_WEIGHT_MIN || p->weight > PARADOR_SCHED_WEIGHT_MAX))
        return -EINVAL;
    if (p->flags & (PARADOR_SCHED_CAP | PARADOR_SCHED_RESERVATION))
        return -EOPNOTSUPP;
    if (p->flags & PARADOR_SCHED_WEIGHT)
        d->weight = p->weight;
    sched_get_params(d, p);
    return 0;
}
