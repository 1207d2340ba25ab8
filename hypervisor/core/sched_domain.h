/* SPDX-License-Identifier: MIT */
/* What the scheduler keeps per domain: its entitlements and what it has used of them. */
#ifndef CORE_SCHED_DOMAIN_H
#define CORE_SCHED_DOMAIN_H

#include <stdint.h>

#include "hw/timer.h"

struct sched_pool;

/* Time that is handed out anew in every period (core/sched_budget). All fields are atomic. */
struct sched_budget {
    int64_t quota;      /* ns per period; 0: there is no such budget */
    int64_t left;       /* negative: overdrawn, the next periods pay */
    uint64_t refilled;  /* start of the period that `left` includes */
};

struct sched_domain {
    struct sched_pool *pool;      /* [LOCK_POOL, with the domain paused] */
    uint32_t weight, cap, reservation; /* (a) public/control.h [LOCK_POOL] */
    uint64_t vtime;               /* (a) CPU time used, each ns counting 2^16 / weight */
    uint64_t own_ref;             /* (a) how far its vcpus have come among themselves, ns */
    uint64_t withdrew;            /* (a) when one of its vcpus was last taken down while it waited */
    uint32_t active;              /* (a) vcpus that run, wait, or are held back by the cap */
    struct sched_budget cap_budget, floor_budget;
    struct timer refill;          /* wakes the vcpus that the cap holds back */
    unsigned first;               /* the vcpu that it wakes first */
};

#endif
