/* SPDX-License-Identifier: MIT */
/* Budgets of CPU time per period: caps and reservations. */
#include "core/sched_budget.h"

/*
 * A budget is shared by a domain's vcpus on several CPUs and has no lock. Each takes a piece before
 * it runs and returns what it did not need, or less than nothing if it overran, so the sum over any
 * time is exact. What a domain does not use in one period it may use in the next two: one that has
 * to wait for a CPU for a moment gets what it was promised all the same.
 */
#define BUDGET_KEPT 3
#define MAX_PERIODS (1u << 20) /* keeps the product below within 64 bits */

void budget_set(struct sched_budget *b, uint32_t percent, uint64_t now)
{
    int64_t quota = (int64_t)percent * (int64_t)(BUDGET_PERIOD_NS / 100);

    __atomic_store_n(&b->refilled, now, __ATOMIC_RELAXED);
    __atomic_store_n(&b->left, quota, __ATOMIC_RELAXED);
    __atomic_store_n(&b->quota, quota, __ATOMIC_RELAXED);
}

void budget_refill(struct sched_budget *b, uint64_t now)
{
    uint64_t since = __atomic_load_n(&b->refilled, __ATOMIC_RELAXED);
    int64_t quota = __atomic_load_n(&b->quota, __ATOMIC_RELAXED), left, full;
    uint64_t periods;

    if ((int64_t)(now - since) < (int64_t)BUDGET_PERIOD_NS)
        return;
    periods = (now - since) / BUDGET_PERIOD_NS;
    /* Whoever moves the mark adds the quotas. */
    if (!__atomic_compare_exchange_n(&b->refilled, &since, since + periods * BUDGET_PERIOD_NS,
                                     false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return;
    if (periods > MAX_PERIODS)
        periods = MAX_PERIODS;
    left = budget_left(b);
    do {
        full = left + (int64_t)periods * quota;
        if (full > BUDGET_KEPT * quota)
            full = BUDGET_KEPT * quota;
    } while (!__atomic_compare_exchange_n(&b->left, &left, full, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

int64_t budget_take(struct sched_budget *b, int64_t want)
{
    int64_t left = budget_left(b), got;

    do {
        if (left <= 0)
            return 0;
        got = left < want ? left : want;
    } while (!__atomic_compare_exchange_n(&b->left, &left, left - got, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return got;
}

void budget_give(struct sched_budget *b, int64_t ns)
{
    __atomic_fetch_add(&b->left, ns, __ATOMIC_RELAXED);
}

void budget_use(struct sched_budget *b, int64_t ns)
{
    (void)budget_take(b, ns);
}
