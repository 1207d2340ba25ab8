/* SPDX-License-Identifier: MIT */
/* sched_op: giving up the CPU, shutting down, watchdogs. */
#include "core/access.h"
#include "core/guest_access.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "hcall/handlers.h"
#include "hw/cpu.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "public/event_channel.h"
#include "public/sched.h"

#define MAX_POLL_PORTS 128

static long op_yield(struct guest_ptr arg)
{
    sched_yield_current();
    return 0;
}

static long op_block(struct guest_ptr arg)
{
    sched_block_current();
    return 0;
}

static long op_shutdown(struct guest_ptr arg)
{
    struct sched_shutdown op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    /* Reasons are the toolstack's business; ours is that they fit. */
    domain_shutdown(current->domain, op.reason < SHUTDOWN_CODE_NONE ? op.reason : SHUTDOWN_crash);
    return 0;
}

static long op_poll(struct guest_ptr arg)
{
    uint32_t ports[MAX_POLL_PORTS];
    struct sched_poll op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    if (op.nr_ports > MAX_POLL_PORTS)
        return -EINVAL;
    if (copy_from_guest(ports, guest_ptr(op.ports), op.nr_ports * sizeof(ports[0])))
        return -EFAULT;
    for (unsigned i = 0; i < op.nr_ports; i++)
        if (ports[i] >= EVTCHN_FIFO_NR_CHANNELS)
            return -EINVAL;
    return sched_poll_current(ports, op.nr_ports, op.timeout);
}

static long op_remote_shutdown(struct guest_ptr arg)
{
    struct sched_remote_shutdown op;
    struct domain *d;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    d = domain_lookup(op.domain_id);
    if (!d)
        return -ESRCH;
    if (!access_control(current->domain, d))
        return -EPERM;
    if (op.reason >= SHUTDOWN_CODE_NONE)
        return -EINVAL;
    domain_shutdown(d, op.reason);
    return 0;
}

static long op_shutdown_code(struct guest_ptr arg)
{
    uint8_t none = SHUTDOWN_CODE_NONE;
    struct sched_shutdown op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    if (op.reason >= SHUTDOWN_CODE_NONE)
        return -EINVAL;
    if (!__atomic_compare_exchange_n(&current->domain->shutdown_code, &none, (uint8_t)op.reason,
                                     false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return -EBUSY;
    return 0;
}

static long op_watchdog(struct guest_ptr arg)
{
    struct sched_watchdog op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    return domain_watchdog(current->domain, op.id, op.timeout);
}

/* dom0 pins itself while it talks to firmware that only works on one CPU. */
static long op_pin_override(struct guest_ptr arg)
{
    struct sched_pin_override op;
    struct vcpu *v = current;
    struct cpumask mask;
    int rc;

    if (!access_platform(v->domain))
        return -EPERM;
    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    if (op.pcpu < 0) {
        if (!v->pin_overridden)
            return 0;
        mask = v->affinity_before_pin;
        v->pin_overridden = false;
        return sched_set_affinity(v, &mask, NULL);
    }
    if ((unsigned)op.pcpu >= nr_cpus || !cpumask_test(&cpu_online_mask, op.pcpu))
        return -EINVAL;
    if (v->pin_overridden)
        return -EBUSY;
    cpumask_zero(&mask);
    cpumask_set(&mask, op.pcpu);
    v->affinity_before_pin = v->hard_affinity;
    rc = sched_set_affinity(v, &mask, NULL);
    v->pin_overridden = rc == 0;
    return rc;
}

static long (*const ops[])(struct guest_ptr arg) = {
    [SCHEDOP_yield] = op_yield,
    [SCHEDOP_block] = op_block,
    [SCHEDOP_shutdown] = op_shutdown,
    [SCHEDOP_poll] = op_poll,
    [SCHEDOP_remote_shutdown] = op_remote_shutdown,
    [SCHEDOP_shutdown_code] = op_shutdown_code,
    [SCHEDOP_watchdog] = op_watchdog,
    [SCHEDOP_pin_override] = op_pin_override,
};

long hc_sched_op(unsigned long cmd, unsigned long arg)
{
    if ((unsigned)cmd >= sizeof(ops) / sizeof(ops[0]))
        return -ENOSYS;
    return ops[(unsigned)cmd](guest_ptr(arg));
}
