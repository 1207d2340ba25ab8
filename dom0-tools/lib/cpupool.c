/* SPDX-License-Identifier: MIT */
/* CPU pools: which CPUs are for which domains. */
#include "lib/internal.h"

#include <errno.h>
#include <string.h>

/* One op; cpus (may be NULL) receives its CPU map. */
static int pool_op(struct parador_handle *h, struct xen_sysctl *op, struct parador_cpuset *cpus)
{
    struct parador_cpuset *buf = parador_hcbuf_alloc(h, sizeof(*buf));
    int ret;

    if (!buf)
        return -1;
    op->cmd = XEN_SYSCTL_cpupool_op;
    op->u.cpupool_op.cpumap.bitmap = (uintptr_t)buf;
    op->u.cpupool_op.cpumap.nr_bits = PARADOR_CPUS_MAX;
    ret = parador_sysctl(h, op);
    if (ret == 0 && cpus)
        *cpus = *buf;
    parador_hcbuf_free(h, buf, sizeof(*buf));
    return ret;
}

int parador_cpupool_next(struct parador_handle *h, uint32_t id, struct parador_cpupool *pool)
{
    struct xen_sysctl op = {0};
    struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;

    p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    p->cpupool_id = id;
    if (pool_op(h, &op, &pool->cpus) < 0)
        return errno == ENOENT ? -1 : parador_fail_in(h, "cannot look at CPU pool %u", id);
    pool->id = p->cpupool_id;
    pool->sched_id = p->sched_id;
    pool->nr_domains = p->n_dom;
    return 0;
}

int parador_cpupool_create(struct parador_handle *h, uint32_t sched_id, uint32_t *id)
{
    struct xen_sysctl op = {0};

    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
    op.u.cpupool_op.cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY;
    op.u.cpupool_op.sched_id = sched_id;
    if (pool_op(h, &op, NULL) < 0)
        return parador_fail_in(h, "cannot make a CPU pool");
    *id = op.u.cpupool_op.cpupool_id;
    return 0;
}

int parador_cpupool_destroy(struct parador_handle *h, uint32_t id)
{
    struct xen_sysctl op = {0};

    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_DESTROY;
    op.u.cpupool_op.cpupool_id = id;
    return pool_op(h, &op, NULL) < 0 ? parador_fail_in(h, "cannot end CPU pool %u", id) : 0;
}

static int change_cpu(struct parador_handle *h, uint32_t what, uint32_t id, uint32_t cpu)
{
    struct xen_sysctl op = {0};

    op.u.cpupool_op.op = what;
    op.u.cpupool_op.cpupool_id = id;
    op.u.cpupool_op.cpu = cpu;
    return pool_op(h, &op, NULL);
}

int parador_cpupool_add_cpu(struct parador_handle *h, uint32_t id, uint32_t cpu)
{
    if (change_cpu(h, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu) < 0)
        return parador_fail_in(h, "cannot put CPU %u into pool %u", cpu, id);
    return 0;
}

int parador_cpupool_remove_cpu(struct parador_handle *h, uint32_t id, uint32_t cpu)
{
    int ret;

    /* EAGAIN: vcpus are still on their way from it. */
    do
        ret = change_cpu(h, XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu);
    while (ret < 0 && errno == EAGAIN);
    if (ret < 0 && errno == EADDRINUSE)
        return parador_fail(h, EADDRINUSE, "CPU %u cannot leave pool %u: a vcpu is pinned to it and "
                            "to no other CPU of the pool", cpu, id);
    return ret < 0 ? parador_fail_in(h, "cannot take CPU %u out of pool %u", cpu, id) : 0;
}

int parador_cpupool_move(struct parador_handle *h, domid_t domid, uint32_t id)
{
    struct xen_sysctl op = {0};

    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN;
    op.u.cpupool_op.cpupool_id = id;
    op.u.cpupool_op.domid = domid;
    if (pool_op(h, &op, NULL) < 0)
        return parador_fail_in(h, "cannot move domain %u to CPU pool %u", domid, id);
    return 0;
}

int parador_cpupool_free_cpus(struct parador_handle *h, struct parador_cpuset *cpus)
{
    struct xen_sysctl op = {0};

    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
    return pool_op(h, &op, cpus) < 0 ? parador_fail_in(h, "cannot list the free CPUs") : 0;
}

static int ratelimit_op(struct parador_handle *h, uint32_t id, uint32_t cmd, uint32_t *us)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_scheduler_op};

    op.u.scheduler_op.cpupool_id = id;
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.u.sched_credit2.ratelimit_us = *us;
    if (parador_sysctl(h, &op) < 0)
        return -1;
    *us = op.u.scheduler_op.u.sched_credit2.ratelimit_us;
    return 0;
}

int parador_cpupool_ratelimit(struct parador_handle *h, uint32_t id, uint32_t *us)
{
    *us = 0;
    if (ratelimit_op(h, id, XEN_SYSCTL_SCHEDOP_getinfo, us) < 0)
        return parador_fail_in(h, "cannot read the rate limit of CPU pool %u", id);
    return 0;
}

int parador_cpupool_set_ratelimit(struct parador_handle *h, uint32_t id, uint32_t us)
{
    if (us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
        return parador_fail(h, EINVAL, "a rate limit of %u us is out of range: it must be from %u to "
                            "%u, or 0 for none", us, XEN_SYSCTL_SCHED_RATELIMIT_MIN,
                            XEN_SYSCTL_SCHED_RATELIMIT_MAX);
    if (ratelimit_op(h, id, XEN_SYSCTL_SCHEDOP_putinfo, &us) < 0)
        return parador_fail_in(h, "cannot set the rate limit of CPU pool %u", id);
    return 0;
}
