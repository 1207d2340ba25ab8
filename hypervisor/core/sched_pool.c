/* SPDX-License-Identifier: MIT */
/* CPU pools: which CPUs and domains belong together, under which policy. */
#include "core/sched_pool.h"

#include "core/sched_budget.h"
#include "hw/console.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "public/control.h"

/*
 * A CPU leaves its pool at once, but what is on it goes in its own time: from then on nothing may
 * run there (sched_may_run), so each vcpu moves when it is next looked at. Only when it has become
 * idle may the CPU join another pool, and get another policy.
 */
static const struct sched_policy *const policies[] = { &sched_share, &sched_rr };
static struct sched_pool pools[MAX_POOLS];
static struct spinlock pool_lock = SPINLOCK_INIT(LOCK_POOL);

void sched_pool_lock(void)
{
    spin_lock(&pool_lock);
}

void sched_pool_unlock(void)
{
    spin_unlock(&pool_lock);
}

struct sched_pool *sched_pool_get(unsigned id)
{
    return id < MAX_POOLS && pools[id].policy ? &pools[id] : NULL;
}

struct sched_pool *sched_pool_from(unsigned id)
{
    for (; id < MAX_POOLS; id++)
        if (pools[id].policy)
            return &pools[id];
    return NULL;
}

static void init_pool(unsigned id, const struct sched_policy *policy)
{
    struct sched_pool *p = &pools[id];

    p->id = id;
    p->n_dom = 0;
    p->vref = 0;
    p->balancing = false;
    cpumask_zero(&p->cpus);
    p->ratelimit_ns = policy->default_ratelimit_us * 1000ULL;
    p->policy = policy;
}

void sched_pools_init(const char *policy_name)
{
    const struct sched_policy *chosen = policies[0];

    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        if (!strcmp(policy_name, policies[i]->opt_name))
            chosen = policies[i];
    if (*policy_name && strcmp(policy_name, chosen->opt_name))
        printk(LOG_WARN, "option sched: \"%s\" is not known, %s is used\n", policy_name,
               chosen->opt_name);
    for (unsigned id = 0; id < MAX_POOLS; id++)
        timer_init(&pools[id].balancer, sched_share_balance, &pools[id], smp_cpu_id());
    init_pool(0, chosen);
}

void sched_pool_boot_cpu(unsigned cpu)
{
    spin_lock(&pool_lock);
    BUG_ON(!sched_cpu_join(cpu, &pools[0]));
    spin_unlock(&pool_lock);
}

int sched_pool_create(unsigned *id, unsigned sched_id)
{
    unsigned want = *id == POOL_ANY ? 0 : *id;

    while (*id == POOL_ANY && want < MAX_POOLS && pools[want].policy)
        want++;
    if (want >= MAX_POOLS)
        return *id == POOL_ANY ? -ENOSPC : -EINVAL;
    if (pools[want].policy)
        return -EEXIST;
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        if (policies[i]->id == sched_id) {
            init_pool(want, policies[i]);
            *id = want;
            return 0;
        }
    return -EINVAL;
}

int sched_pool_destroy(unsigned id)
{
    struct sched_pool *p = sched_pool_get(id);

    if (!p)
        return -ENOENT;
    if (p->n_dom || !cpumask_empty(&p->cpus))
        return -EBUSY;
    timer_stop(&p->balancer);
    p->balancing = false;
    p->policy = NULL;
    return 0;
}

void sched_pool_free_cpus(struct cpumask *out)
{
    unsigned cpu;

    cpumask_zero(out);
    for_each_online_cpu (cpu)
        if (!sched_cpu_pool(cpu))
            cpumask_set(out, cpu);
}

int sched_pool_add_cpu(unsigned id, unsigned cpu)
{
    struct sched_pool *p = sched_pool_get(id);
    struct cpumask free;

    if (!p)
        return -ENOENT;
    sched_pool_free_cpus(&free);
    if (cpu == POOL_ANY) {
        cpu = cpumask_next(&free, 0);
        if (cpu == MAX_CPUS)
            return -EBUSY;
    }
    if (cpu >= MAX_CPUS || !cpumask_test(&cpu_online_mask, cpu))
        return -EINVAL;
    if (!cpumask_test(&free, cpu))
        return -EBUSY;
    /* What ran there is still leaving, the caller perhaps. */
    return sched_cpu_join(cpu, p) ? 0 : -ERESTART;
}

uint32_t sched_pool_capacity(const struct sched_pool *p)
{
    return 100 * cpumask_weight(&p->cpus);
}

struct sum {
    const struct sched_pool *pool;
    const struct domain *but;
    uint32_t reserved;
};

static bool add_reservation(struct domain *d, void *arg)
{
    struct sum *s = arg;

    if (d->sched.pool == s->pool && d != s->but)
        s->reserved += d->sched.reservation;
    return true;
}

uint32_t sched_pool_reserved(const struct sched_pool *pool, const struct domain *but)
{
    struct sum s = { .pool = pool, .but = but };

    domain_for_each(0, add_reservation, &s);
    return s.reserved;
}

struct departure {
    const struct sched_pool *pool;
    unsigned cpu;
    bool needed;
};

static bool find_pinned(struct domain *d, void *arg)
{
    struct departure *gone = arg;
    struct cpumask rest;
    struct vcpu *v;
    unsigned i;

    if (d->sched.pool != gone->pool || d->state != DOM_ALIVE)
        return true;
    for_each_vcpu (d, v, i) {
        cpumask_and(&rest, &v->hard_affinity, &gone->pool->cpus);
        cpumask_clear(&rest, gone->cpu);
        gone->needed |= cpumask_empty(&rest);
        if (!v->pin_overridden)
            continue;
        /* It goes back to these. */
        cpumask_and(&rest, &v->affinity_before_pin, &gone->pool->cpus);
        cpumask_clear(&rest, gone->cpu);
        gone->needed |= cpumask_empty(&rest);
    }
    return !gone->needed;
}

static bool evict_vcpus(struct domain *d, void *arg)
{
    struct departure *gone = arg;
    struct vcpu *v;
    unsigned i;

    if (d->sched.pool == gone->pool)
        for_each_vcpu (d, v, i)
            sched_evict(v);
    return true;
}

int sched_pool_remove_cpu(unsigned id, unsigned cpu)
{
    struct departure gone = { .pool = sched_pool_get(id) };

    if (!gone.pool)
        return -ENOENT;
    /* "Any" is the last one. */
    for (unsigned c = cpumask_next(&gone.pool->cpus, 0); cpu == POOL_ANY && c < MAX_CPUS;
         c = cpumask_next(&gone.pool->cpus, c + 1))
        if (cpumask_next(&gone.pool->cpus, c + 1) == MAX_CPUS)
            cpu = c;
    if (cpu >= MAX_CPUS || !cpumask_test(&gone.pool->cpus, cpu))
        return -EINVAL;
    gone.cpu = cpu;
    if (gone.pool->n_dom && cpumask_weight(&gone.pool->cpus) == 1)
        return -EBUSY;
    if (sched_pool_reserved(gone.pool, NULL) > sched_pool_capacity(gone.pool) - 100)
        return -ENOSPC;
    domain_for_each(0, find_pinned, &gone);
    if (gone.needed)
        return -EADDRINUSE;
    sched_cpu_leave(cpu);
    domain_for_each(0, evict_vcpus, &gone);
    return 0;
}

/* d is paused. Its vcpus, which are on no queue, start anew in the other pool. */
static void transfer(struct domain *d, struct sched_pool *to)
{
    struct cpumask all = cpu_online_mask, m;
    struct vcpu *v;
    unsigned i;

    __atomic_fetch_sub(&d->sched.pool->n_dom, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&to->n_dom, 1, __ATOMIC_SEQ_CST);
    d->sched.pool = to;
    for_each_vcpu (d, v, i) {
        cpumask_and(&m, &v->hard_affinity, &to->cpus);
        if (cpumask_empty(&m)) {
            v->hard_affinity = v->soft_affinity = all;
            v->pin_overridden = false;
        }
        sched_reinsert_vcpu(v);
    }
}

int sched_pool_move(struct domain *d, unsigned id)
{
    struct sched_pool *to = sched_pool_get(id);

    if (!to)
        return -ENOENT;
    if (to == d->sched.pool)
        return 0;
    if (cpumask_empty(&to->cpus))
        return -ENODEV;
    if (d->sched.reservation &&
        sched_pool_reserved(to, NULL) + d->sched.reservation > sched_pool_capacity(to))
        return -ENOSPC;
    if ((d->sched.cap && !(to->policy->params & PARADOR_SCHED_CAP)) ||
        (d->sched.reservation && !(to->policy->params & PARADOR_SCHED_RESERVATION)))
        return -EOPNOTSUPP;
    domain_pause(d);
    transfer(d, to);
    sched_params_changed(d);
    domain_unpause(d);
    return 0;
}

int sched_domain_init(struct domain *d, unsigned id)
{
    struct sched_domain *s = &d->sched;
    struct sched_pool *p;
    int rc = 0;

    s->weight = PARADOR_SCHED_WEIGHT_DEFAULT;
    timer_init(&s->refill, sched_cap_refilled, d, smp_cpu_id());
    spin_lock(&pool_lock);
    p = sched_pool_get(id);
    if (!p)
        rc = -ENOENT;
    else if (cpumask_empty(&p->cpus))
        rc = -ENODEV;
    else {
        s->pool = p;
        __atomic_fetch_add(&p->n_dom, 1, __ATOMIC_SEQ_CST);
    }
    spin_unlock(&pool_lock);
    return rc;
}

void sched_domain_retire(struct domain *d)
{
    timer_kill(&d->sched.refill);
    spin_lock(&pool_lock);
    d->sched.reservation = 0;
    transfer(d, &pools[0]);
    spin_unlock(&pool_lock);
}

/*
 * Runs in a softirq, which must not wait for the lock: its holder may be moving a domain, and wait for
 * the vcpu that this softirq has interrupted to leave its CPU.
 */
void sched_domain_destroy(struct domain *d)
{
    __atomic_fetch_sub(&d->sched.pool->n_dom, 1, __ATOMIC_SEQ_CST);
}

int sched_set_affinity(struct vcpu *v, const struct cpumask *hard, const struct cpumask *soft)
{
    struct cpumask m;
    int rc = 0;

    spin_lock(&pool_lock);
    if (hard)
        cpumask_and(&m, hard, &v->domain->sched.pool->cpus);
    if (hard && cpumask_empty(&m))
        rc = -EINVAL;
    else
        sched_replace_affinity(v, hard, soft);
    spin_unlock(&pool_lock);
    return rc;
}
