/* SPDX-License-Identifier: MIT */
/* control: what tools ask of us beyond domctl and sysctl (public/control.h). */
#include "core/guest_access.h"
#include "core/sched.h"
#include "hcall/handlers.h"
#include "hcall/hc_usage.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "public/control.h"

static long sched_get(struct parador_control *op)
{
    struct domain *d = domain_get(op->domain);

    if (!d)
        return -ESRCH;
    sched_get_params(d, &op->u.sched);
    domain_put(d);
    return 0;
}

static long sched_set(struct parador_control *op)
{
    struct domain *d = domain_get(op->domain);
    long rc;

    if (!d)
        return -ESRCH;
    rc = sched_set_params(d, &op->u.sched);
    domain_put(d);
    return rc;
}

/* A handler gets our copy of the structure, which goes back to the caller with its result. */
static const struct {
    uint32_t cmd;
    long (*fn)(struct parador_control *op);
} rows[] = {
    { PARADOR_CONTROL_sched_get, sched_get },
    { PARADOR_CONTROL_sched_set, sched_set },
    { PARADOR_CONTROL_usage_host, control_usage_host },
    { PARADOR_CONTROL_usage_domains, control_usage_domains },
    { PARADOR_CONTROL_usage_vcpus, control_usage_vcpus },
    { PARADOR_CONTROL_usage_retired, control_usage_retired },
};

long hc_control(unsigned long arg)
{
    struct parador_control op;

    if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
        return -EFAULT;
    if (op.interface_version != PARADOR_CONTROL_INTERFACE_VERSION)
        return -EACCES;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        long rc;

        if (rows[i].cmd != op.cmd)
            continue;
        rc = rows[i].fn(&op);
        /* A refusal for want of room comes with the figures. */
        if ((rc == 0 || rc == -ENOSPC) && copy_to_guest(guest_ptr(arg), &op, sizeof(op)))
            return -EFAULT;
        return rc;
    }
    return -ENOSYS;
}
