/* SPDX-License-Identifier: MIT */
/* What of its pool's CPUs a domain is entitled to: weight, cap and reservation. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest/guest.h"

#define PER_CPU 100u           /* per cent */
#define CAP_UNCHANGED 0xffffu  /* struct xen_domctl_sched_credit2: putinfo leaves the cap */

static const struct {
    uint32_t id;
    const char *name;
} schedulers[] = {
    { XEN_SCHEDULER_CREDIT, "credit" },
    { XEN_SCHEDULER_CREDIT2, "credit2" },
    { XEN_SCHEDULER_ARINC653, "arinc653" },
    { XEN_SCHEDULER_RTDS, "rtds" },
    { XEN_SCHEDULER_NULL, "null" },
};

/* The round robin goes by the number of a scheduler that Parador has not got. */
static bool is_parador(struct parador_handle *h)
{
    struct parador_version version;

    return parador_version(h, &version) == 0 && strstr(version.extra, "parador");
}

const char *parador_scheduler_name(struct parador_handle *h, uint32_t sched_id)
{
    if (sched_id == XEN_SCHEDULER_CREDIT && is_parador(h))
        return "rr";
    for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++)
        if (schedulers[i].id == sched_id)
            return schedulers[i].name;
    return "unknown";
}

int parador_scheduler_id(const char *name)
{
    if (strcmp(name, "rr") == 0)
        return XEN_SCHEDULER_CREDIT;
    for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++)
        if (strcmp(schedulers[i].name, name) == 0)
            return (int)schedulers[i].id;
    return -1;
}

/* Which pool the domain is in, and what schedules there. */
static int find_pool(struct parador_handle *h, domid_t domid, struct parador_sched_params *shares)
{
    struct xen_domctl_getdomaininfo info;
    struct parador_cpupool pool;

    if (parador_domain_info(h, domid, &info) < 0 ||
        parador_cpupool_next(h, info.cpupool, &pool) < 0)
        return -1;
    shares->pool = pool.id;
    shares->sched_id = pool.sched_id;
    return 0;
}

/* As on Xen. Its two schedulers with shares take them in the same shape. */
static int domctl_shares(struct parador_handle *h, domid_t domid, uint32_t cmd, uint32_t sched_id,
                         struct xen_domctl_sched_credit2 *shares)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_scheduler_op, .domain = domid};

    if (sched_id != XEN_SCHEDULER_CREDIT && sched_id != XEN_SCHEDULER_CREDIT2)
        return parador_fail(h, EOPNOTSUPP, "the scheduler of its pool, %s, has no weights",
                            parador_scheduler_name(h, sched_id));
    op.u.scheduler_op.sched_id = sched_id;
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.u.credit2 = *shares;
    if (parador_domctl(h, &op) < 0)
        return parador_fail_in(h, "cannot %s the shares of domain %u",
                               cmd == XEN_DOMCTL_SCHEDOP_getinfo ? "read" : "set", domid);
    *shares = op.u.scheduler_op.u.credit2;
    return 0;
}

int parador_shares(struct parador_handle *h, domid_t domid, struct parador_sched_params *shares)
{
    struct xen_domctl_sched_credit2 figures = {0};

    memset(shares, 0, sizeof(*shares));
    if (parador_control_sched_get(h, domid, shares) == 0)
        return 0;
    if (errno != ENOSYS)
        return -1;
    memset(shares, 0, sizeof(*shares));
    if (find_pool(h, domid, shares) < 0 ||
        domctl_shares(h, domid, XEN_DOMCTL_SCHEDOP_getinfo, shares->sched_id, &figures) < 0)
        return -1;
    shares->weight = figures.weight;
    shares->cap = figures.cap;
    return 0;
}

/* Everything that can be told without asking whether it fits. now: the figures so far. */
static int check_shares(struct parador_handle *h, domid_t domid,
                        const struct parador_sched_params *now,
                        const struct parador_sched_params *want)
{
    struct xen_domctl_getdomaininfo info;
    uint32_t limit, cap = want->flags & PARADOR_SCHED_CAP ? want->cap : now->cap;
    uint32_t reservation =
        want->flags & PARADOR_SCHED_RESERVATION ? want->reservation : now->reservation;

    if (parador_domain_info(h, domid, &info) < 0)
        return -1;
    limit = PER_CPU * (info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info.max_vcpu_id + 1);
    if ((want->flags & PARADOR_SCHED_WEIGHT) &&
        (want->weight < PARADOR_SCHED_WEIGHT_MIN || want->weight > PARADOR_SCHED_WEIGHT_MAX))
        return parador_fail(h, EINVAL, "a weight of %u is out of range: it must be from %u to %u",
                            want->weight, PARADOR_SCHED_WEIGHT_MIN, PARADOR_SCHED_WEIGHT_MAX);
    if ((want->flags & PARADOR_SCHED_CAP) && cap > limit)
        return parador_fail(h, EINVAL, "a cap of %u is out of range: for %u vcpus it must be from 0 "
                            "to %u", cap, limit / PER_CPU, limit);
    if ((want->flags & PARADOR_SCHED_RESERVATION) && reservation > limit)
        return parador_fail(h, EINVAL, "a reservation of %u is out of range: for %u vcpus it must "
                            "be from 0 to %u", reservation, limit / PER_CPU, limit);
    if (cap && reservation > cap)
        return parador_fail(h, EINVAL, "a reservation of %u is more than the cap of %u", reservation,
                            cap);
    return 0;
}

/* Says why figures were refused. The answer has some itself only if they do not fit (ENOSPC). */
static int refused(struct parador_handle *h, uint32_t asked, uint32_t sched_id,
                   const struct parador_sched_params *answer)
{
    uint32_t left = answer->capacity > answer->reserved ? answer->capacity - answer->reserved : 0;
    char pool[POOL_NAME_TEXT];

    if (errno == EOPNOTSUPP)
        return parador_fail(h, EOPNOTSUPP, "the scheduler of its pool, %s, has no such parameter",
                            parador_scheduler_name(h, sched_id));
    if (errno != ENOSPC)
        return -1;
    if (parador_pool_name(h, answer->pool, pool, sizeof(pool)) < 0)
        snprintf(pool, sizeof(pool), "%u", answer->pool);
    return parador_fail(h, ENOSPC, "a reservation of %u does not fit into CPU pool %s: its capacity "
                        "is %u, %u are reserved by others, %u are left (per cent of a CPU)", asked,
                        pool, answer->capacity, answer->reserved, left);
}

int parador_set_shares(struct parador_handle *h, domid_t domid,
                       const struct parador_sched_params *shares)
{
    struct parador_sched_params now, answer = *shares;
    struct xen_domctl_sched_credit2 figures = {.cap = CAP_UNCHANGED};

    if (parador_shares(h, domid, &now) < 0 || check_shares(h, domid, &now, shares) < 0)
        return -1;
    if (parador_control_sched_set(h, domid, &answer) == 0)
        return 0;
    if (errno != ENOSYS)
        return refused(h, shares->reservation, now.sched_id, &answer);
    if ((shares->flags & PARADOR_SCHED_RESERVATION) && shares->reservation)
        return parador_fail(h, EOPNOTSUPP, "this hypervisor has no reservations");
    if (shares->flags & PARADOR_SCHED_WEIGHT)
        figures.weight = (uint16_t)shares->weight;
    if (shares->flags & PARADOR_SCHED_CAP)
        figures.cap = (uint16_t)shares->cap;
    return domctl_shares(h, domid, XEN_DOMCTL_SCHEDOP_putinfo, now.sched_id, &figures);
}
