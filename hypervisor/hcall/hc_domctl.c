/* SPDX-License-Identifier: MIT */
/* domctl: the table of operations, and those on a domain as a whole. */
#include "hcall/hc_domctl.h"

#include "core/access.h"
#include "core/evtchn.h"
#include "core/guest_access.h"
#include "core/sched.h"
#include "core/time.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "hcall/log_once.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "pv/pv.h"

static struct spinlock domctl_lock = SPINLOCK_INIT(LOCK_DOMCTL);

/* What a pv domain may be created with: flags that ask for nothing, and the toolstack's marks. */
#define CDF_ACCEPTED \
    (XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_s3_integrity | XEN_DOMCTL_CDF_oos_off)
#define MAX_GRANT_VERSION 2

static long createdomain(struct domain *none, struct xen_domctl *op)
{
    const struct xen_domctl_createdomain *c = &op->u.createdomain;
    struct domain_config cfg = {
        .vehicle = &pv_vehicle,
        .domid = op->domain < DOMID_FIRST_RESERVED ? op->domain : 0,
        .max_vcpus = c->max_vcpus,
        .max_grant_frames = c->max_grant_frames,
        .max_maptrack_frames = c->max_maptrack_frames,
        .max_evtchn_port = c->max_evtchn_port,
        .cpupool = c->cpupool_id,
    };
    struct domain *d;
    int rc;

    if ((c->flags & ~CDF_ACCEPTED) || c->iommu_opts || c->vmtrace_size ||
        (c->arch.emulation_flags & ~XEN_X86_EMU_PIT) ||
        (c->arch.misc_flags & ~XEN_X86_MISC_FLAGS_MAX) ||
        (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask) || c->grant_opts > MAX_GRANT_VERSION)
        return -EINVAL;
    memcpy(cfg.handle, c->handle, sizeof(cfg.handle));
    rc = domain_create(&cfg, &d);
    if (!rc)
        op->domain = d->domid;
    return rc;
}

static long destroydomain(struct domain *d, struct xen_domctl *op)
{
    return d == dom0 ? -EINVAL : domain_kill(d);
}

/*
 * The toolstack's own pauses are counted apart, so that its unpause cannot take back somebody
 * else's (a shutdown's, a destruction's).
 */
static long pausedomain(struct domain *d, struct xen_domctl *op)
{
    if (d->controller_pauses == UINT16_MAX)
        return -EOVERFLOW;
    d->controller_pauses++;
    domain_pause(d);
    return 0;
}

static long unpausedomain(struct domain *d, struct xen_domctl *op)
{
    if (!d->controller_pauses)
        return -EINVAL;
    d->controller_pauses--;
    domain_unpause(d);
    return 0;
}

static long resumedomain(struct domain *d, struct xen_domctl *op)
{
    return domain_resume(d);
}

struct vcpu *domctl_vcpu(struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

static uint32_t info_flags(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    uint32_t flags = XEN_DOMINF_blocked;
    struct vcpu *v;
    unsigned i;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu (d, v, i) {
        struct vcpu_runstate_info r;

        runstate_get(v, &r);
        info->cpu_time += r.time[RUNSTATE_running];
        info->max_vcpu_id = i;
        if (bitmap_test(&v->pause_flags, VPF_DOWN))
            continue;
        info->nr_online_vcpus++;
        if (r.state != RUNSTATE_blocked)
            flags &= ~XEN_DOMINF_blocked;
        if (r.state == RUNSTATE_running)
            flags |= XEN_DOMINF_running;
    }
    if (!info->nr_online_vcpus)
        flags &= ~XEN_DOMINF_blocked;
    if (d->state != DOM_ALIVE)
        flags |= XEN_DOMINF_dying;
    if (d->controller_pauses)
        flags |= XEN_DOMINF_paused;
    if (d->debugger_attached)
        flags |= XEN_DOMINF_debugged;
    if (d->is_shut_down)
        flags |= XEN_DOMINF_shutdown | (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
    return flags;
}

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->domain = d->domid;
    info->flags = info_flags(d, info);
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    info->shared_info_frame = d->shared_info_mfn;
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->cpupool = d->sched.pool->id;
}

static long getdomaininfo(struct domain *none, struct xen_domctl *op)
{
    struct domain *d = domain_get_next(op->domain);

    if (!d)
        return -ESRCH;
    domctl_fill_info(d, &op->u.getdomaininfo);
    op->domain = d->domid;
    domain_put(d);
    return 0;
}

static long setdomainhandle(struct domain *d, struct xen_domctl *op)
{
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

static long setdebugging(struct domain *d, struct xen_domctl *op)
{
    domain_pause(d);
    d->debugger_attached = op->u.setdebugging.enable;
    domain_unpause(d);
    return 0;
}

static long settimeoffset(struct domain *d, struct xen_domctl *op)
{
    d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
    time_update_wallclock(d);
    return 0;
}

static long set_address_size(struct domain *d, struct xen_domctl *op)
{
    return op->u.address_size.size == 64 ? 0 : -EINVAL;
}

static long get_address_size(struct domain *d, struct xen_domctl *op)
{
    op->u.address_size.size = 64;
    return 0;
}

/* Every guest reads the TSC itself: modes 0 (emulate where needed: nowhere) and 2 (never). */
static long gettscinfo(struct domain *d, struct xen_domctl *op)
{
    op->u.tsc_info = (struct xen_domctl_tsc_info){ .gtsc_khz = tsc_khz, .elapsed_nsec = now_ns() };
    return 0;
}

static long settscinfo(struct domain *d, struct xen_domctl *op)
{
    return op->u.tsc_info.tsc_mode == 0 || op->u.tsc_info.tsc_mode == 2 ? 0 : -EINVAL;
}

static long subscribe(struct domain *d, struct xen_domctl *op)
{
    d->suspend_port = op->u.subscribe.port;
    return 0;
}

static long set_virq_handler(struct domain *d, struct xen_domctl *op)
{
    return set_global_virq_handler(d, op->u.set_virq_handler.virq);
}

/* One node: whatever set contains it is as good as any. */
static long setnodeaffinity(struct domain *d, struct xen_domctl *op)
{
    uint8_t first;

    if (!op->u.nodeaffinity.nodemap.nr_bits)
        return -EINVAL;
    if (copy_from_guest(&first, guest_ptr(op->u.nodeaffinity.nodemap.bitmap), 1))
        return -EFAULT;
    return first & 1 ? 0 : -EINVAL;
}

static long getnodeaffinity(struct domain *d, struct xen_domctl *op)
{
    struct cpumask nodes;

    cpumask_zero(&nodes);
    cpumask_set(&nodes, 0);
    return cpumask_to_bitmap(&op->u.nodeaffinity.nodemap, &nodes);
}

/* Nothing of the kind exists for a pv domain. */
static long no_such_mode(struct domain *d, struct xen_domctl *op)
{
    return -EINVAL;
}

static long no_paging_pool(struct domain *d, struct xen_domctl *op)
{
    return -EOPNOTSUPP;
}

static const struct domctl_row rows[] = {
    { XEN_DOMCTL_createdomain, DOMCTL_LOCKED | DOMCTL_OUT, createdomain },
    { XEN_DOMCTL_destroydomain, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER, destroydomain },
    { XEN_DOMCTL_pausedomain, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER, pausedomain },
    { XEN_DOMCTL_unpausedomain, DOMCTL_DOMAIN | DOMCTL_LOCKED, unpausedomain },
    { XEN_DOMCTL_resumedomain, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER, resumedomain },
    { XEN_DOMCTL_getdomaininfo, DOMCTL_OUT, getdomaininfo },
    { XEN_DOMCTL_setdomainhandle, DOMCTL_DOMAIN | DOMCTL_LOCKED, setdomainhandle },
    { XEN_DOMCTL_setdebugging, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER, setdebugging },
    { XEN_DOMCTL_settimeoffset, DOMCTL_DOMAIN | DOMCTL_LOCKED, settimeoffset },
    { XEN_DOMCTL_set_address_size, DOMCTL_DOMAIN, set_address_size },
    { XEN_DOMCTL_get_address_size, DOMCTL_DOMAIN | DOMCTL_OUT, get_address_size },
    { XEN_DOMCTL_gettscinfo, DOMCTL_DOMAIN | DOMCTL_OUT, gettscinfo },
    { XEN_DOMCTL_settscinfo, DOMCTL_DOMAIN, settscinfo },
    { XEN_DOMCTL_subscribe, DOMCTL_DOMAIN | DOMCTL_LOCKED, subscribe },
    { XEN_DOMCTL_set_virq_handler, DOMCTL_DOMAIN | DOMCTL_LOCKED, set_virq_handler },
    { XEN_DOMCTL_setnodeaffinity, DOMCTL_DOMAIN, setnodeaffinity },
    { XEN_DOMCTL_getnodeaffinity, DOMCTL_DOMAIN | DOMCTL_OUT, getnodeaffinity },
    { XEN_DOMCTL_shadow_op, DOMCTL_DOMAIN, no_such_mode },
    { XEN_DOMCTL_get_paging_mempool_size, DOMCTL_DOMAIN, no_paging_pool },
    { XEN_DOMCTL_set_paging_mempool_size, DOMCTL_DOMAIN, no_paging_pool },

    { XEN_DOMCTL_max_vcpus, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_max_vcpus },
    { XEN_DOMCTL_setvcpucontext, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER,
      domctl_setvcpucontext },
    { XEN_DOMCTL_getvcpucontext, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER,
      domctl_getvcpucontext },
    { XEN_DOMCTL_getvcpuinfo, DOMCTL_DOMAIN | DOMCTL_OUT, domctl_getvcpuinfo },
    { XEN_DOMCTL_setvcpuaffinity, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OUT,
      domctl_setvcpuaffinity },
    { XEN_DOMCTL_getvcpuaffinity, DOMCTL_DOMAIN | DOMCTL_OUT, domctl_getvcpuaffinity },
    { XEN_DOMCTL_scheduler_op, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OUT, domctl_scheduler_op },
    { XEN_DOMCTL_sendtrigger, DOMCTL_DOMAIN, domctl_sendtrigger },

    { XEN_DOMCTL_get_ext_vcpucontext, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER | DOMCTL_OUT,
      domctl_get_ext_vcpucontext },
    { XEN_DOMCTL_set_ext_vcpucontext, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OTHER,
      domctl_set_ext_vcpucontext },
    { XEN_DOMCTL_get_vcpu_msrs, DOMCTL_DOMAIN | DOMCTL_OUT, domctl_get_vcpu_msrs },
    { XEN_DOMCTL_set_vcpu_msrs, DOMCTL_DOMAIN, domctl_set_vcpu_msrs },
    { XEN_DOMCTL_get_cpu_policy, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OUT | DOMCTL_TELLS,
      domctl_get_cpu_policy },
    { XEN_DOMCTL_set_cpu_policy, DOMCTL_DOMAIN | DOMCTL_LOCKED | DOMCTL_OUT | DOMCTL_TELLS,
      domctl_set_cpu_policy },

    { XEN_DOMCTL_max_mem, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_max_mem },
    { XEN_DOMCTL_hypercall_init, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_hypercall_init },
    { XEN_DOMCTL_getpageframeinfo3, DOMCTL_DOMAIN, domctl_getpageframeinfo3 },
    { XEN_DOMCTL_irq_permission, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_irq_permission },
    { XEN_DOMCTL_iomem_permission, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_iomem_permission },
    { XEN_DOMCTL_ioport_permission, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_ioport_permission },
    { XEN_DOMCTL_memory_mapping, DOMCTL_DOMAIN | DOMCTL_LOCKED, domctl_memory_mapping },
};

static const struct domctl_row *find(uint32_t cmd)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].cmd == cmd)
            return &rows[i];
    return NULL;
}

/* Looks the domain up, asks whether the caller may, and runs the handler under the row's lock. */
static long perform(const struct domctl_row *row, struct xen_domctl *op)
{
    struct domain *d = NULL;
    long rc;

    if (row->flags & DOMCTL_DOMAIN) {
        d = domain_get(op->domain);
        if (!d)
            return -ESRCH;
    }
    if (d && !access_control(current->domain, d))
        rc = -EPERM;
    else if ((row->flags & DOMCTL_OTHER) && d == current->domain)
        rc = -EINVAL;
    else if (!(row->flags & DOMCTL_LOCKED))
        rc = row->fn(d, op);
    else if (!spin_trylock(&domctl_lock))
        rc = -ERESTART; /* rather go round than spin through somebody's domain creation */
    else {
        rc = row->fn(d, op);
        spin_unlock(&domctl_lock);
    }
    if (d)
        domain_put(d);
    return rc;
}

long hc_domctl(unsigned long arg)
{
    static unsigned long unknown_logged[BITMAP_WORDS(128)];
    const struct domctl_row *row;
    struct xen_domctl op;
    long rc;

    if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    row = find(op.cmd);
    if (!row) {
        if (op.cmd < 128)
            log_once(unknown_logged, op.cmd, "domctl %u is not implemented", op.cmd);
        return -ENOSYS;
    }
    rc = perform(row, &op);
    if (rc == -ERESTART)
        return hcall_restart(1, arg, 0, 0, 0);
    if ((row->flags & (rc == 0 ? DOMCTL_OUT : DOMCTL_TELLS)) &&
        copy_to_guest(guest_ptr(arg), &op, sizeof(op)))
        return -EFAULT;
    return rc;
}
