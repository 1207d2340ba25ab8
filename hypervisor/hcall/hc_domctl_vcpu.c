/* SPDX-License-Identifier: MIT */
/* domctl operations on vcpus: making them, their registers, affinity and share of the CPUs. */
#include "core/guest_access.h"
#include "core/sched.h"
#include "hcall/continuation.h"
#include "hcall/hc_domctl.h"
#include "hw/cpu.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "core/vehicle.h"
#include "mm/kmalloc.h"
#include "public/control.h"
#include "public/trap.h"

long domctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
    if (op->u.max_vcpus.max != d->max_vcpus)
        return -EINVAL;
    for (unsigned i = 0; i < d->max_vcpus; i++) {
        int rc;

        if (d->vcpu[i])
            continue;
        rc = vcpu_create(d, i);
        if (rc)
            return rc;
        if (i + 1 < d->max_vcpus && hcall_preempt_check())
            return -ERESTART;
    }
    return 0;
}

/*
 * While page tables are being validated the op may be preempted; the frames keep the progress, so
 * reading the context again is all that a restart costs.
 */
long domctl_setvcpucontext(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domctl_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context *c;
    long rc;

    /* What a dying domain took now nobody would give back. */
    if (!v || d->state != DOM_ALIVE)
        return -ESRCH;
    domain_pause(d);
    if (!op->u.vcpucontext.ctxt) {
        vcpu_reset(v);
        domain_unpause(d);
        return 0;
    }
    c = kzalloc(sizeof(*c));
    if (!c)
        rc = -ENOMEM;
    else if (copy_from_guest(c, guest_ptr(op->u.vcpucontext.ctxt), sizeof(*c)))
        rc = -EFAULT;
    else
        rc = vcpu_set_context(v, c);
    kfree(c);
    domain_unpause(d);
    return rc;
}

long domctl_getvcpucontext(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domctl_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context *c;
    long rc;

    if (!v)
        return -ESRCH;
    if (!v->initialised)
        return -ENODATA;
    c = kzalloc(sizeof(*c));
    if (!c)
        return -ENOMEM;
    domain_pause(d);
    d->vehicle->vcpu_get_context(v, c);
    if (!bitmap_test(&v->pause_flags, VPF_DOWN))
        c->flags |= VGCF_online;
    domain_unpause(d);
    rc = copy_to_guest(guest_ptr(op->u.vcpucontext.ctxt), c, sizeof(*c));
    kfree(c);
    return rc;
}

long domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu *v = domctl_vcpu(d, info->vcpu);
    struct vcpu_runstate_info r;

    if (!v)
        return -ESRCH;
    runstate_get(v, &r);
    info->online = !bitmap_test(&v->pause_flags, VPF_DOWN);
    info->blocked = r.state == RUNSTATE_blocked;
    info->running = r.state == RUNSTATE_running;
    info->cpu_time = r.time[RUNSTATE_running];
    info->cpu = v->cpu;
    return 0;
}

int bitmap_to_cpumask(struct cpumask *mask, const struct xenctl_bitmap *b)
{
    uint8_t bytes[sizeof(mask->bits)] = { 0 };
    unsigned bits = b->nr_bits < MAX_CPUS ? b->nr_bits : MAX_CPUS;

    if (copy_from_guest(bytes, guest_ptr(b->bitmap), (bits + 7) / 8))
        return -EFAULT;
    cpumask_zero(mask);
    for (unsigned i = 0; i < bits; i++)
        if (bytes[i / 8] & (1u << i % 8))
            cpumask_set(mask, i);
    return 0;
}

int cpumask_to_bitmap(const struct xenctl_bitmap *b, const struct cpumask *mask)
{
    uint8_t bytes[sizeof(mask->bits)] = { 0 };
    unsigned bits = b->nr_bits < MAX_CPUS ? b->nr_bits : MAX_CPUS;
    unsigned size = (bits + 7) / 8, room = b->nr_bits / 8 + (b->nr_bits % 8 != 0);

    for (unsigned i = 0; i < bits; i++)
        if (cpumask_test(mask, i))
            bytes[i / 8] |= 1u << i % 8;
    if (copy_to_guest(guest_ptr(b->bitmap), bytes, size))
        return -EFAULT;
    /* CPUs we cannot have are not in any set. */
    if (room > size && clear_guest(guest_ptr_at(guest_ptr(b->bitmap), size, 1), room - size))
        return -EFAULT;
    return 0;
}

/* Gives the masks back: what of them is among the CPUs of `within`. */
static long report_affinity(struct vcpu *v, struct xen_domctl_vcpuaffinity *a,
                            const struct cpumask *within)
{
    struct cpumask m;

    if (a->flags & XEN_VCPUAFFINITY_HARD) {
        cpumask_and(&m, &v->hard_affinity, within);
        if (cpumask_to_bitmap(&a->cpumap_hard, &m))
            return -EFAULT;
    }
    if (a->flags & XEN_VCPUAFFINITY_SOFT) {
        cpumask_and(&m, &v->soft_affinity, &v->hard_affinity);
        cpumask_and(&m, &m, within);
        if (cpumask_to_bitmap(&a->cpumap_soft, &m))
            return -EFAULT;
    }
    return 0;
}

long domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v = domctl_vcpu(d, a->vcpu);
    bool hard = a->flags & XEN_VCPUAFFINITY_HARD, soft = a->flags & XEN_VCPUAFFINITY_SOFT;
    struct cpumask hard_mask, soft_mask;
    int rc;

    if (!v)
        return -ESRCH;
    if (!hard && !soft)
        return -EINVAL;
    if (hard && bitmap_to_cpumask(&hard_mask, &a->cpumap_hard))
        return -EFAULT;
    if (soft && bitmap_to_cpumask(&soft_mask, &a->cpumap_soft))
        return -EFAULT;
    if (hard && v->pin_overridden && !(a->flags & XEN_VCPUAFFINITY_FORCE))
        return -EBUSY;
    rc = sched_set_affinity(v, hard ? &hard_mask : NULL, soft ? &soft_mask : NULL);
    if (rc)
        return rc;
    if (hard)
        v->pin_overridden = false;
    /* Those in effect: the ones of its pool. */
    return report_affinity(v, a, &d->sched.pool->cpus);
}

long domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v = domctl_vcpu(d, a->vcpu);

    if (!v)
        return -ESRCH;
    if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
        return -EINVAL;
    return report_affinity(v, a, &cpu_online_mask);
}

/*
 * The parameters of a domain in the shape that its pool's scheduler has on Xen: a weight of 0 and a
 * cap of 0xffff leave what is there. Both shapes are the same two fields.
 */
long domctl_scheduler_op(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;
    struct xen_domctl_sched_credit2 *c = &s->u.credit2;
    struct parador_sched_params p = { 0 };

    _Static_assert(sizeof(s->u.credit) == sizeof(s->u.credit2), "one shape");
    sched_get_params(d, &p);
    if (s->sched_id != p.sched_id)
        return -EINVAL;
    switch (s->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        p.flags = (c->weight ? PARADOR_SCHED_WEIGHT : 0) |
                  (c->cap != UINT16_MAX ? PARADOR_SCHED_CAP : 0);
        p.weight = c->weight;
        p.cap = c->cap;
        return sched_set_params(d, &p);
    case XEN_DOMCTL_SCHEDOP_getinfo:
        c->weight = p.weight;
        c->cap = p.cap;
        return 0;
    default:
        return -EINVAL;
    }
}

long domctl_sendtrigger(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domctl_vcpu(d, op->u.sendtrigger.vcpu);

    if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
        return -ENOSYS;
    if (!v)
        return -ESRCH;
    if (!__atomic_exchange_n(&v->nmi_pending, true, __ATOMIC_SEQ_CST))
        vcpu_kick(v);
    return 0;
}
