/* SPDX-License-Identifier: MIT */
/* The scheduler core and the interface of its policies. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/vcpu.h"

struct sched_policy {
    const char *name, *opt_name;
    unsigned id;                                   /* XEN_SCHEDULER_* */
    void (*init_cpu)(unsigned cpu);
    void (*insert)(struct vcpu *v);                /* new vcpu: choose its CPU */
    void (*remove)(struct vcpu *v);
    /* All below with the queue lock of v->cpu (pick_next: of this CPU) held, interrupts off. */
    void (*wake)(struct vcpu *v);
    void (*sleep)(struct vcpu *v);
    void (*yield)(struct vcpu *v);
    /* Next vcpu for this CPU (its idle vcpu when none); *slice_ns 0: no timer needed. */
    struct vcpu *(*pick_next)(unsigned cpu, uint64_t now, uint64_t *slice_ns);
    void (*context_saved)(struct vcpu *v);
    unsigned (*pick_cpu)(struct vcpu *v);
    int (*adjust)(struct domain *d, const void *set, void *get);
    /* Takes a queued vcpu that may run on `thief` from `victim`'s queue (its lock held); NULL: none. */
    struct vcpu *(*steal)(unsigned victim, unsigned thief);
    /* Queued vcpus of a CPU, read without its lock. */
    unsigned (*queued)(unsigned cpu);
};

extern const struct sched_policy *sched_policy;
extern const struct sched_policy sched_rr;

void sched_init(void);
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
/* A port of d became pending: wakes its vcpus that poll for it. Any context. */
void sched_poll_wake(struct domain *d, uint32_t port);
/* Ends v's poll, if it polls (an event or its time arrived). Any context. */
void sched_poll_end(struct vcpu *v);
/* For policies, queue lock of cpu held: the CPU shall choose again. */
void sched_tickle(unsigned cpu);
/* CPUs that run their idle vcpu and have not been promised work yet. */
extern struct cpumask sched_idle_mask;
/*
 * A domain's weight, cap and reservation, as public/control.h describes them. set: 0 or -errno with
 * nothing changed; *p is then what is in effect (-ENOSPC: capacity and reserved are filled in).
 */
struct parador_sched_params;
void sched_get_params(struct domain *d, struct parador_sched_params *p);
int sched_set_params(struct domain *d, struct parador_sched_params *p);
int sched_set_affinity(struct vcpu *v, const struct cpumask *hard, const struct cpumask *soft);
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
