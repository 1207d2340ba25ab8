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

/* A CPU whose virtual time is that much behind that of its home is none where a vcpu may visit. */
#define VISIT_LAG (4 * GRAIN)

struct share_cpu {
    struct list_head queue;      /* by key, then own */
    struct list_head claims;     /* those of them whose domains have a reservation */
    struct list_head woken;      /* those who woke: visitors, and others before those owed much */
    unsigned queued;
    struct vcpu *running;        /* NULL: the idle vcpu */
    bool preempt;                /* somebody waits that comes before the running one */
    uint64_t until;              /* when the running one has had its turn; UINT64_MAX: nobody waits */
    uint64_t free_at;            /* (a) when one that wakes may take over, as far as we know */
    bool waited;                 /* (a) somebody did since the balancer looked */
    bool no_claims;              /* (a) the balancer brings here what has none */
    uint64_t vref;               /* how far the virtual time of those here has come */
    const struct sched_pool *pool;
};

extern struct share_cpu share_cpus[MAX_CPUS];
/* Virtual times wrap around: before() compares two that are less than half the range apart. */
static inline bool vtime_before(uint64_t a, uint64_t b) { return (int64_t)(a - b) < 0; }
static inline uint64_t vtime_load(const struct domain *d)
{
    return __atomic_load_n(&d->sched.vtime, __ATOMIC_RELAXED);
}
/* Raises d's virtual time to `to` if it is behind. */
void vtime_raise(struct domain *d, uint64_t to);
/* ns of CPU time of d in virtual time. */
static inline uint64_t vtime_of(const struct domain *d, uint64_t ns)
{
    return (ns << VTIME_SHIFT) / d->sched.weight;
}
static inline void raise_max(uint64_t *max, uint64_t v)
{
    if (vtime_before(__atomic_load_n(max, __ATOMIC_RELAXED), v))
        __atomic_store_n(max, v, __ATOMIC_RELAXED);
}
/* A vcpu that runs alone is charged rarely: what it used then is no debt, but must not overflow. */
static inline uint64_t chargeable(uint64_t ns)
{
    return ns < 1000 * MAX_SLICE_NS ? ns : 1000 * MAX_SLICE_NS;
}
/* What the virtual time of v's domain would be if v, which runs, were charged now. */
static inline uint64_t vtime_at(const struct vcpu *v, uint64_t now)
{
    uint64_t ns = now > v->sched.last_start ? now - v->sched.last_start : 0;

    return vtime_load(v->domain) + vtime_of(v->domain, chargeable(ns));
}
/* Virtual time of the CPU that v calls its home. */
static inline uint64_t home_vref(const struct vcpu *v)
{
    return __atomic_load_n(&share_cpus[v->sched.home].vref, __ATOMIC_RELAXED);
}
/* How far d, which has something to do, may be behind or ahead of others, in virtual time. */
uint64_t share_window(const struct domain *d);
/*
 * Puts v's domain within the window of this CPU. What lags is raised. What is ahead is let down, if
 * it slept to where it would be had it stayed at home, for the virtual times of two CPUs can
 * differ, after a time without competition or between those to which others are pinned.
 */
void share_fit_in(struct share_cpu *q, struct vcpu *v);
/* Accounts for what this CPU's vcpu has run until now; queue lock held. */
void share_charge(struct share_cpu *q, uint64_t now);
/* Brings vref up to whoever is furthest behind among those that run and wait there. */
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
