/* SPDX-License-Identifier: MIT */
/* What the files of the proportional-share policy have in common. */
#ifndef CORE_SCHED_SHARE_H
#define CORE_SCHED_SHARE_H

#include "core/sched.h"
#include "core/sched_budget.h"

/* A virtual nanosecond is one of a domain of weight 1, in fractions of 2^-16. */
#define VTIME_SHIFT 16
#define DEFAULT_WEIGHT 256

#define MAX_SLICE_NS SCHED_SLICE_NS
#define MIN_SLICE_NS 500000ULL
/* For so long claims on reservations alone decide who runs; then others have a turn of MAX_SLICE_NS. */
#define MAX_CLAIMED_NS 1000000000ULL
/* Of what its siblings have run more a vcpu is owed that much at most: more than the balancer lets be. */
#define MAX_OWED_NS (4 * MAX_SLICE_NS)
/* By how much the one that runs may get ahead of the next, in virtual time of weight 256. */
#define GRAIN ((2000000ULL << VTIME_SHIFT) / DEFAULT_WEIGHT)

/* A vcpu that wakes may be that much ahead of those that run. */
#define SLEEPER_LAG_NS 4000000ULL
/* A domain that takes down vcpus as they wait interrupts others no more often than that. */
#define WITHDRAWN_NS 1000000ULL

/* A vcpu that waits and has run that much less than its siblings is neglected: the balancer sees to it. */
#define NEGLECTED_NS (20 * MAX_SLICE_NS)
/* For their turns others lose a tenth of a CPU at most. */
#define HELP_EVERY_NS (10 * MAX_SLICE_NS)

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
    uint64_t ordinary_at;        /* when last a turn was not due to a claim, or nobody waited */
    bool granted;                /* the running one has a turn although others would come first: */
    bool for_neglected;          /* because its siblings had so much, else because claims had */
    uint64_t helped_at;          /* when the last of these was chosen */
    struct vcpu *neglected;      /* waits here and may not go where its siblings run: has the next one */
    uint64_t free_at;            /* (a) when one that wakes may take over, as far as we know */
    bool waited;                 /* (a) somebody did since the balancer looked */
    bool no_claims;              /* (a) the balancer brings here what has none */
    const struct domain *siblings; /* (a) or vcpus of this domain */
    bool others_come;            /* (a) something that waits elsewhere in the pool may run here */
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
/* What v's siblings have run more than it is owed to it, but no more of it than `most` ns. */
void share_limit_owed(struct vcpu *v, uint64_t most);
/* Accounts for what this CPU's vcpu has run until now; queue lock held. */
void share_charge(struct share_cpu *q, uint64_t now);
/*
 * Brings vref up to whoever is furthest behind among those that run and wait there; if that one has a
 * reservation, no further than those elsewhere in the pool have come that wait and may run there.
 */
void share_advance(struct share_cpu *q, uint64_t now);
/* Moves the virtual time of a CPU and of the domains there on, without a change among them. */
void share_lift(struct share_cpu *q, uint64_t by);
/* The vcpu that comes first among those waiting, with its key up to date; NULL: none. */
struct vcpu *share_head(struct share_cpu *q);
/* Some of that reservation is left. */
bool share_claim_left(struct sched_budget *b, uint64_t now);
/* v's domain has some of its reservation left. */
static inline bool share_has_claim(const struct vcpu *v, uint64_t now)
{
    return budget_exists(&v->domain->sched.floor_budget) &&
           share_claim_left(&v->domain->sched.floor_budget, now);
}
/*
 * The waiting vcpu whose claim comes first: of siblings the one that has run least, else the one whose
 * domain has most left. One that yields is passed over. NULL: none, or r runs by a claim that comes
 * before theirs.
 */
struct vcpu *share_best_claim(struct share_cpu *q, struct vcpu *r, uint64_t now);
/* Claims alone have decided for so long that the next turn is not theirs. */
static inline bool share_ordinary_is_due(const struct share_cpu *q, uint64_t now)
{
    return now >= q->ordinary_at + MAX_CLAIMED_NS;
}
/* v has run as much less than its siblings as makes it neglected. */
static inline bool share_is_neglected(const struct vcpu *v)
{
    return vtime_before(v->sched.own,
                        __atomic_load_n(&v->domain->sched.own_ref, __ATOMIC_RELAXED) - NEGLECTED_NS);
}
/* Of d's vcpus that wait there and may run on `cpu` the one that has run least. */
struct vcpu *share_sibling_for(struct share_cpu *q, const struct domain *d, unsigned cpu);
/*
 * The first of those waiting that may run on `cpu`: one with a claim on a reservation, unless the
 * balancer wants none there, or only siblings of the one that runs there; else by its key.
 */
struct vcpu *share_first_for(struct share_cpu *q, unsigned cpu, uint64_t now);
/* The greatest claim on a reservation of those that wait there, ns; 0: none. */
int64_t share_claim(struct share_cpu *q, uint64_t now);
/* Something waits on a CPU of this pool: its balancer shall look. */
void share_start_balancer(struct sched_pool *pool, unsigned cpu, uint64_t now);

#endif
