/* SPDX-License-Identifier: MIT */
/* vcpu_op: a guest's control over its own vcpus. */
#include "core/domain.h"
#include "core/guest_access.h"
#include "core/sched.h"
#include "core/time.h"
#include "core/vcpu.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "hw/acpi.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mm/kmalloc.h"
#include "public/sched.h"
#include "public/trap.h"
#include "public/vcpu.h"

static long op_initialise(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_guest_context *c;
    long rc;

    if (v->initialised)
        return -EEXIST;
    c = kzalloc(sizeof(*c));
    if (!c)
        return -ENOMEM;
    if (copy_from_guest(c, arg, sizeof(*c)))
        rc = -EFAULT;
    else if (bitmap_test_set_atomic(&v->pause_flags, VPF_INITIALISING))
        rc = -EBUSY; /* two of its siblings try at once */
    else {
        rc = v->initialised ? -EEXIST : vcpu_set_context(v, c);
        if (bitmap_test_clear_atomic(&v->pause_flags, VPF_INITIALISING))
            vcpu_wake(v);
    }
    kfree(c);
    return rc == -ERESTART ? hcall_restart(0, 0, 0, 0, 0) : rc;
}

static long op_up(struct vcpu *v, struct guest_ptr arg)
{
    return vcpu_up(v);
}

/* A domain all of whose vcpus are down could never do anything again: that is switching it off. */
static long op_down(struct vcpu *v, struct guest_ptr arg)
{
    struct domain *d = v->domain;
    struct vcpu *other;
    unsigned i;

    vcpu_down(v);
    for_each_vcpu (d, other, i)
        if (!bitmap_test(&other->pause_flags, VPF_DOWN))
            return 0;
    domain_shutdown(d, SHUTDOWN_poweroff);
    return 0;
}

static long op_is_up(struct vcpu *v, struct guest_ptr arg)
{
    return !bitmap_test(&v->pause_flags, VPF_DOWN);
}

static long op_get_runstate(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_runstate_info r;

    runstate_get(v, &r);
    return copy_to_guest(arg, &r, sizeof(r));
}

static long op_register_runstate(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_register_runstate_memory_area op;
    struct vcpu_runstate_info r;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    if (op.addr.h) {
        runstate_get(v, &r);
        if (copy_to_guest(guest_ptr(op.addr.h), &r, sizeof(r)))
            return -EFAULT;
    }
    v->runstate_guest = guest_ptr(op.addr.h);
    return 0;
}

static long op_register_time(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_register_time_memory_area op;
    struct vcpu_time_info t;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    if (op.addr.h) {
        t = v->vcpu_info->time;
        if (copy_to_guest(guest_ptr(op.addr.h), &t, sizeof(t)))
            return -EFAULT;
    }
    v->time_info_guest = guest_ptr(op.addr.h);
    return 0;
}

static long op_set_periodic(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_set_periodic_timer op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    return op.period_ns ? vcpu_set_periodic(v, op.period_ns) : -EINVAL;
}

static long op_stop_periodic(struct vcpu *v, struct guest_ptr arg)
{
    return vcpu_set_periodic(v, 0);
}

static long op_set_singleshot(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_set_singleshot_timer op;

    if (v != current)
        return -EINVAL;
    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    if ((op.flags & VCPU_SSHOTTMR_future) && op.timeout_abs_ns < now_ns())
        return -ETIME;
    /* Time 0 has passed; it does not mean "stop" here. */
    vcpu_set_singleshot(v, op.timeout_abs_ns ? op.timeout_abs_ns : 1);
    return 0;
}

static long op_stop_singleshot(struct vcpu *v, struct guest_ptr arg)
{
    if (v != current)
        return -EINVAL;
    vcpu_set_singleshot(v, 0);
    return 0;
}

static long op_register_info(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_register_vcpu_info op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    return op.rsvd ? -EINVAL : vcpu_map_info(v, op.mfn, op.offset);
}

static long op_send_nmi(struct vcpu *v, struct guest_ptr arg)
{
    if (!__atomic_exchange_n(&v->nmi_pending, true, __ATOMIC_SEQ_CST))
        vcpu_kick(v);
    return 0;
}

static long op_get_physid(struct vcpu *v, struct guest_ptr arg)
{
    struct vcpu_get_physid op;
    unsigned cpu = cpumask_next(&v->hard_affinity, 0);

    if (cpumask_weight(&v->hard_affinity) != 1 || !cpumask_test(&cpu_online_mask, cpu))
        return -EINVAL;
    op.phys_id = acpi_cpu_apic_id[cpu] | (uint64_t)acpi_cpu_acpi_id[cpu] << 32;
    return copy_to_guest(arg, &op, sizeof(op));
}

static long (*const ops[])(struct vcpu *v, struct guest_ptr arg) = {
    [VCPUOP_initialise] = op_initialise,
    [VCPUOP_up] = op_up,
    [VCPUOP_down] = op_down,
    [VCPUOP_is_up] = op_is_up,
    [VCPUOP_get_runstate_info] = op_get_runstate,
    [VCPUOP_register_runstate_memory_area] = op_register_runstate,
    [VCPUOP_set_periodic_timer] = op_set_periodic,
    [VCPUOP_stop_periodic_timer] = op_stop_periodic,
    [VCPUOP_set_singleshot_timer] = op_set_singleshot,
    [VCPUOP_stop_singleshot_timer] = op_stop_singleshot,
    [VCPUOP_register_vcpu_info] = op_register_info,
    [VCPUOP_send_nmi] = op_send_nmi,
    [VCPUOP_get_physid] = op_get_physid,
    [VCPUOP_register_vcpu_time_memory_area] = op_register_time,
};

long hc_vcpu_op(unsigned long cmd, unsigned long vcpu, unsigned long arg)
{
    struct domain *d = current->domain;
    struct vcpu *v = (uint32_t)vcpu < d->max_vcpus ? d->vcpu[(uint32_t)vcpu] : NULL;

    if (!v)
        return -ENOENT;
    if ((unsigned)cmd >= sizeof(ops) / sizeof(ops[0]))
        return -ENOSYS;
    return ops[(unsigned)cmd](v, guest_ptr(arg));
}
