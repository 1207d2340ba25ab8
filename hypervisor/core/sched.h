/* SPDX-License-Identifier: MIT */
/* The scheduler core, CPU pools, and the interface of the policies. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/vcpu.h"

struct parador_sched_params;

/*
 * A policy orders the vcpus of one CPU and finds a CPU for one. All but the first group is called
 * with the queue lock of v->cpu (of `cpu`, of `victim`) held and interrupts off.
 */
struct sched_policy {
    const char *name, *opt_name;
    unsigned id;                                   /* XEN_SCHEDULER_* */
    uint32_t params;                               /* PARADOR_SCHED_* it knows */
    uint32_t default_ratelimit_us;                 /* 0: it has no rate limit */

    void (*init_cpu)(unsigned cpu, const struct sched_pool *pool); /* empty, about to get work */
    void (*insert)(struct vcpu *v);                /* new here, to be off queue */

    void (*wake)(struct vcpu *v, uint64_t now);    /* it waits on v->cpu from here on */
    void (*sleep)(struct vcpu *v);                 /* queued until now */
    void (*yield)(struct vcpu *v);
    void (*rest)(struct vcpu *v);                  /* off queue and not runnable; NULL: nothing */
    /* Next vcpu for this CPU (its idle vcpu when none); *slice_ns 0: no timer needed. */
    struct vcpu *(*pick_next)(unsigned cpu, uint64_t now, uint64_t *slice_ns);
    /* Takes a queued vcpu that may run on `thief` from `victim`'s queue; NULL: none. */
    struct vcpu *(*steal)(unsigned victim, unsigned thief);
    /* Queued vcpus of a CPU, read without its lock. */
    unsigned (*queued)(unsigned cpu);
    /*
     * When v, which wakes (queue lock of v->cpu held), could run there instead of the one that runs,
     * a guess without that CPU's lock: system time, past: at once. NULL: no CPU is better than another.
     */
    uint64_t (*free_at)(const struct vcpu *v, unsigned cpu);
};

extern const struct sched_policy sched_rr, sched_share;

/* CPUs that a group of domains has for itself. Never freed: an unused one has no policy. */
struct sched_pool {
    unsigned id;
    const struct sched_policy *policy; /* NULL: no such pool [LOCK_POOL] */
    struct cpumask cpus;               /* (a) changed under LOCK_POOL */
    unsigned n_dom;                    /* (a) domains that live here; grows under LOCK_POOL */
    uint64_t ratelimit_ns;             /* a vcpu runs that long unless it stops by itself */
    uint64_t vref;                     /* (a) the share policy's balancer: least virtual time owed */
    bool balancing;                    /* (a) its timer is armed */
    struct timer balancer;
};

#define MAX_POOLS MAX_CPUS
#define POOL_NONE (~0u)

void sched_init(const char *policy_name);
void sched_init_cpu(unsigned cpu);
/* The idle vcpu of each CPU; its loop runs softirqs and halts. */
struct vcpu *idle_vcpu(unsigned cpu);
void idle_loop(void) __attribute__((noreturn));
void sched_insert_vcpu(struct vcpu *v);
void sched_remove_vcpu(struct vcpu *v);
/* Voluntary: the current vcpu blocks (re-checks pending events), yields, or polls. */
void sched_block_current(void);
void sched_yield_current(void);
/* Bodies of SCHEDOP_poll; ports already copied and checked. 0 or -errno. */
int sched_poll_current(const uint32_t *ports, unsigned n, uint64_t timeout_abs_ns);
/* v must not run any more when this returns (v's or its domain's pause was raised before). */
void vcpu_sleep_nosync(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v);
/* A CPU has its registers, or is about to load them. Lasting only while v is paused. */
bool vcpu_on_a_cpu(const struct vcpu *v);
/* A port of d became pending: wakes its vcpus that poll for it. Any context. */
void sched_poll_wake(struct domain *d, uint32_t port);
/* Ends v's poll, if it polls (an event or its time arrived). Any context. */
void sched_poll_end(struct vcpu *v);

/* For policies, queue lock of cpu held: the CPU shall choose again, now or by `when`. */
void sched_tickle(unsigned cpu);
void sched_recheck(unsigned cpu, uint64_t now, uint64_t when);
/* The lock of a CPU's queue, for policies that work on another CPU than their caller's. */
unsigned long sched_lock_cpu(unsigned cpu);
void sched_unlock_cpu(unsigned cpu, unsigned long flags);
/* Moves a vcpu that `victim`'s queue holds and `thief` may run over to there; false: there is none. */
bool sched_move_work(unsigned victim, unsigned thief);
/* CPUs that run their idle vcpu and have not been promised work yet. */
extern struct cpumask sched_idle_mask;
/* The CPU of v's pool that it may use and that has the least to do. */
unsigned sched_least_loaded(const struct vcpu *v);
/*
 * Where v, which wakes (queue lock of v->cpu held), shall wait: an idle CPU, best its own or a soft
 * one; else where it is, or, unless it has just been moved here, where it may run sooner.
 */
unsigned sched_place(const struct vcpu *v, bool moved, uint64_t now);
/* v's hard affinity and its pool allow it to run there. */
static inline bool sched_may_run(const struct vcpu *v, unsigned cpu)
{
    return cpumask_test(&v->hard_affinity, cpu) && cpumask_test(&v->domain->sched.pool->cpus, cpu);
}

/*
 * The masks given (NULL: stays) replace v's and take effect at once. -EINVAL with nothing changed:
 * the hard one has no CPU of v's pool. LOCK_POOL is taken.
 */
int sched_set_affinity(struct vcpu *v, const struct cpumask *hard, const struct cpumask *soft);
/* Finds v another place if it is where it may not be (any more). Any context. */
void sched_evict(struct vcpu *v);
/* Of the pools (LOCK_POOL held): gives a CPU that is in none its policy; false: not drained yet. */
bool sched_cpu_join(unsigned cpu, struct sched_pool *pool);
void sched_cpu_leave(unsigned cpu);
/* The pool whose work a CPU does; NULL: none's. */
struct sched_pool *sched_cpu_pool(unsigned cpu);

/*
 * A domain's weight, cap and reservation, as public/control.h describes them. set: 0 or -errno with
 * nothing changed; *p is then what is in effect (-ENOSPC: capacity and reserved are filled in).
 */
void sched_get_params(struct domain *d, struct parador_sched_params *p);
int sched_set_params(struct domain *d, struct parador_sched_params *p);

/* v's sums up to now. */
void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);
/*
 * As runstate_get() for an instant a moment ago: several vcpus are asked for their sums at one. No
 * sum is ever less than one that was given out for an earlier instant. Any context but NMI.
 */
void runstate_get_at(const struct vcpu *v, uint64_t now, struct vcpu_runstate_info *out);
/* Queue lock of v->cpu held; an idle vcpu: by its CPU, interrupts off. */
void runstate_change(struct vcpu *v, int new_state, uint64_t now);
/* Rewrites the guest's registered runstate area; true when done (v is current). */
bool runstate_update_area(struct vcpu *v);

#endif
