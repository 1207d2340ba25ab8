/* SPDX-License-Identifier: MIT */
/* sysctl operations on CPU pools and their schedulers. */
#include "core/sched_pool.h"
#include "hcall/hc_domctl.h"
#include "hcall/hc_sysctl.h"
#include "lib/errno.h"

long sysctl_sched_id(struct xen_sysctl *op)
{
    sched_pool_lock();
    op->u.sched_id.sched_id = sched_pool_get(0)->policy->id;
    sched_pool_unlock();
    return 0;
}

static long pool_info(struct xen_sysctl_cpupool_op *c, struct cpumask *cpus)
{
    /* "Any" asks for the first one. */
    struct sched_pool *p = sched_pool_from(c->cpupool_id == POOL_ANY ? 0 : c->cpupool_id);

    if (!p)
        return -ENOENT;
    c->cpupool_id = p->id;
    c->sched_id = p->policy->id;
    c->n_dom = p->n_dom;
    *cpus = p->cpus;
    return 0;
}

/* dom0 stays in the pool in which it was made: it owns the hardware, and calls us. */
static long move_domain(const struct xen_sysctl_cpupool_op *c)
{
    struct domain *d = c->domid < DOMID_FIRST_RESERVED ? domain_get(c->domid) : NULL;
    long rc;

    if (!d)
        return -ESRCH;
    rc = d == dom0 ? -EINVAL : d->state != DOM_ALIVE ? -ESRCH : sched_pool_move(d, c->cpupool_id);
    domain_put(d);
    return rc;
}

static long locked_op(struct xen_sysctl_cpupool_op *c, struct cpumask *cpus)
{
    switch (c->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return sched_pool_create(&c->cpupool_id, c->sched_id);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return sched_pool_destroy(c->cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(c, cpus);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return sched_pool_add_cpu(c->cpupool_id, c->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return sched_pool_remove_cpu(c->cpupool_id, c->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_domain(c);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        sched_pool_free_cpus(cpus);
        return 0;
    default:
        return -ENOSYS;
    }
}

long sysctl_cpupool_op(struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *c = &op->u.cpupool_op;
    struct cpumask cpus;
    long rc;

    sched_pool_lock();
    rc = locked_op(c, &cpus);
    sched_pool_unlock();
    if (!rc && (c->op == XEN_SYSCTL_CPUPOOL_OP_INFO || c->op == XEN_SYSCTL_CPUPOOL_OP_FREEINFO))
        rc = cpumask_to_bitmap(&c->cpumap, &cpus);
    return rc;
}

/* The two shapes: credit2's has a rate limit, and credit's a fixed slice besides. */
static long pool_params(struct sched_pool *p, struct xen_sysctl_scheduler_op *s)
{
    struct xen_sysctl_credit_schedule *rr = &s->u.sched_credit;
    uint32_t *limit = p->policy->id == XEN_SCHEDULER_CREDIT2 ? &s->u.sched_credit2.ratelimit_us
                                                             : &rr->ratelimit_us;

    if (s->cmd == XEN_SYSCTL_SCHEDOP_getinfo) {
        if (limit == &rr->ratelimit_us)
            *rr = (struct xen_sysctl_credit_schedule){ .tslice_ms = SCHED_SLICE_NS / 1000000 };
        *limit = p->ratelimit_ns / 1000;
        return 0;
    }
    if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo)
        return -EINVAL;
    if (limit == &rr->ratelimit_us)
        return *limit || rr->vcpu_migr_delay_us || rr->tslice_ms != SCHED_SLICE_NS / 1000000
                   ? -EOPNOTSUPP : 0;
    if (*limit && (*limit < XEN_SYSCTL_SCHED_RATELIMIT_MIN ||
                   *limit > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
        return -EINVAL;
    p->ratelimit_ns = *limit * 1000ULL;
    return 0;
}

long sysctl_scheduler_op(struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
    struct sched_pool *p;
    long rc;

    sched_pool_lock();
    p = sched_pool_get(s->cpupool_id);
    if (!p)
        rc = -ESRCH;
    else
        rc = s->sched_id == p->policy->id ? pool_params(p, s) : -EINVAL;
    sched_pool_unlock();
    return rc;
}
