/* SPDX-License-Identifier: MIT */
/* CPU pools: which CPUs and domains belong together, under which policy. */
#ifndef CORE_SCHED_POOL_H
#define CORE_SCHED_POOL_H

#include "core/sched.h"

#define POOL_ANY (~0u)

/* Pool 0 with the policy of that name (the boot option's; unknown or empty: the default one). */
void sched_pools_init(const char *policy_name);
/* A CPU has come up: it joins pool 0. */
void sched_pool_boot_cpu(unsigned cpu);
/* LOCK_POOL: membership, entitlements and affinities do not change while it is held. */
void sched_pool_lock(void);
void sched_pool_unlock(void);
/* The pool with this id, or NULL; LOCK_POOL held. */
struct sched_pool *sched_pool_get(unsigned id);
/* The first pool from this id on, or NULL; LOCK_POOL held. */
struct sched_pool *sched_pool_from(unsigned id);

/* The operations of XEN_SYSCTL_cpupool_op: 0 or -errno as public/sysctl.h lists them. */
int sched_pool_create(unsigned *id, unsigned sched_id);
int sched_pool_destroy(unsigned id);
int sched_pool_add_cpu(unsigned id, unsigned cpu);
int sched_pool_remove_cpu(unsigned id, unsigned cpu);
int sched_pool_move(struct domain *d, unsigned id);
void sched_pool_free_cpus(struct cpumask *out);

/*
 * A new domain enters a pool: -ENOENT there is none, -ENODEV it has no CPU. Later, once: it leaves.
 * A dying one is moved to pool 0, so that it keeps no pool busy and holds nothing reserved.
 */
int sched_domain_init(struct domain *d, unsigned pool);
void sched_domain_retire(struct domain *d);
void sched_domain_destroy(struct domain *d);

/* What the CPUs of a pool can promise, percent. */
uint32_t sched_pool_capacity(const struct sched_pool *pool);
/* What reservations of a pool's domains other than `but` sum up to, percent; LOCK_POOL held. */
uint32_t sched_pool_reserved(const struct sched_pool *pool, const struct domain *but);
/* Replaces masks of v that were checked. */
void sched_replace_affinity(struct vcpu *v, const struct cpumask *hard, const struct cpumask *soft);
/* v, which nothing can run now, goes to a CPU of its domain's pool. */
void sched_reinsert_vcpu(struct vcpu *v);
/* d's entitlements changed, or its pool: what is queued or runs is looked at anew. */
void sched_params_changed(struct domain *d);

/* Timers of the share policy: a pool's balancer, and the refill of a capped domain's budget. */
void sched_share_balance(void *pool);
void sched_cap_refilled(void *domain);

#endif
