/* SPDX-License-Identifier: MIT */
/* What the files of the proportional-share policy have in common. */
#ifndef CORE_SCHED_SHARE_H
#define CORE_SCHED_SHARE_H

#include "core/sched.h"

/* A virtual nanosecond is one of a domain of weight 1, in fractions of 2^-16. */
#define VTIME_SHIFT 16
#define DEFAULT_WEIGHT 256

#define MAX_SLICE_NS SCHED_SLICE_NS
#define MIN_SLICE_NS 500000ULL
/* By how much the one that runs may get ahead of the next, in virtual time of weight 256. */
#define GRAIN ((2000000ULL << VTIME_SHIFT) / DEFAULT_WEIGHT)

/* A vcpu that wakes may be that much ahead of those that run. */
#define SLEEPER_LAG_NS 4000000ULL

struct share_cpu {
    struct list_head queue;      /* by key, then own */
    struct list_head claims;     /* those of them whose domains have a reservation */
    unsigned queued;
    struct vcpu *running;        /* NULL: the idle vcpu */
    bool preempt;                /* somebody waits that comes before the running one */
    uint64_t until;              /* when the running one has had its turn; UINT64_MAX: nobody waits */
    bool no_claims;              /* (a) the balancer brings here what has none */
    uint64_t vref;               /* how far the virtual time of those here has come */
    const struct sched_pool *pool;
};

struct share_cpu *share_cpu(unsigned cpu);
/* Virtual times wrap around: before() compares two that are less than half the range apart. */
static inline bool vtime_before(uint64_t a, uint64_t b) { return (int64_t)(a - b) < 0; }
static inline uint64_t vtime_load(const struct domain *d)
{
    return __atomic_load_n(&d->sched.vtime, __ATOMIC_RELAXED);
}
/* Raises d's virtual time to `to` if it is behind. */
void vtime_raise(struct domain *d, uint64_t to);
/* ns of CPU time of d in virtual time. */
uint64_t vtime_of(const struct domain *d, uint64_t ns);
/* How far d, which has something to do, may be behind or ahead of others, in virtual time. */
uint64_t share_lag(const struct domain *d);
uint64_t share_lead(const struct domain *d);
/* Accounts for what this CPU's vcpu has run until now; queue lock held. */
void share_charge(struct share_cpu *q, uint64_t now);
/* Brings vref up to whoever is furthest behind there. */
void share_advance(struct share_cpu *q, uint64_t now);
/* Moves the virtual time of a CPU and of the domains there on, without a change among them. */
void share_lift(struct share_cpu *q, uint64_t by);
/* The vcpu that comes first among those waiting, with its key up to date; NULL: none. */
struct vcpu *share_head(struct share_cpu *q);
/* v's domain has some of its reservation left. */
bool share_has_claim(const struct vcpu *v, uint64_t now);
/*
 * The first of those waiting that may run on `cpu`: one with a claim on a reservation, unless the
 * balancer wants none there; else by its key.
 */
struct vcpu *share_first_for(struct share_cpu *q, unsigned cpu, uint64_t now);
/* The greatest claim on a reservation of those that wait there, ns; 0: none. */
int64_t share_claim(struct share_cpu *q, uint64_t now);
/* Something waits on a CPU of this pool: its balancer shall look. */
void share_start_balancer(struct sched_pool *pool, unsigned cpu, uint64_t now);

#endif
