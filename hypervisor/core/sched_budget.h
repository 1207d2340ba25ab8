/* SPDX-License-Identifier: MIT */
/* Budgets of CPU time per period: caps and reservations. */
#ifndef CORE_SCHED_BUDGET_H
#define CORE_SCHED_BUDGET_H

#include <stdbool.h>

#include "core/sched_domain.h"

/* Short enough that a capped guest stays responsive, long enough to cost few switches. */
#define BUDGET_PERIOD_NS 10000000ULL

/* `percent` of one CPU from now on; 0 takes the budget away. */
void budget_set(struct sched_budget *b, uint32_t percent, uint64_t now);
static inline bool budget_exists(const struct sched_budget *b)
{
    return __atomic_load_n(&b->quota, __ATOMIC_RELAXED) != 0;
}
/* Adds the quotas of the periods that have begun. Any CPU, no lock. */
void budget_refill(struct sched_budget *b, uint64_t now);
static inline int64_t budget_left(const struct sched_budget *b)
{
    return __atomic_load_n(&b->left, __ATOMIC_RELAXED);
}
/* Takes up to `want` ns out; 0: there is nothing. */
int64_t budget_take(struct sched_budget *b, int64_t want);
/* Puts the unused part of what was taken back; negative: more was used. */
void budget_give(struct sched_budget *b, int64_t ns);
/* Counts `ns` as used as far as there is something left: no debt. */
void budget_use(struct sched_budget *b, int64_t ns);
/* When the next period begins. */
static inline uint64_t budget_next(const struct sched_budget *b)
{
    return __atomic_load_n(&b->refilled, __ATOMIC_RELAXED) + BUDGET_PERIOD_NS;
}

#endif
