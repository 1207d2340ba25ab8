/* SPDX-License-Identifier: MIT */
/* memory_op: which operation, and the ones that only report a number. */
#include "hcall/hc_memory.h"

#include "core/guest_access.h"
#include "hcall/foreign.h"
#include "hcall/handlers.h"
#include "public/memory.h"

/* current_reservation, maximum_reservation, maximum_gpfn. */
static long report_number(unsigned op, unsigned long arg)
{
    struct xen_memory_domain req;
    struct domain *d;
    int err;

    if (copy_from_guest(&req, guest_ptr(arg), sizeof(req)))
        return -EFAULT;
    err = domain_for_memory(req.domid, &d);
    if (err)
        return err;
    switch (op) {
    case XENMEM_current_reservation:
        return d->tot_pages;
    case XENMEM_maximum_reservation:
        return d->max_pages;
    default: {
        /* The guest keeps its own p2m table and says how far it reaches. */
        uint64_t max_pfn = __atomic_load_n(&d->shared_info->arch.max_pfn, __ATOMIC_RELAXED);

        return max_pfn ? (long)(max_pfn - 1) : 0;
    }
    }
}

/* A pv guest's pfns are its own affair: there is nothing for us to map them to. */
static long no_physmap(unsigned long arg)
{
    struct xen_add_to_physmap req;
    struct domain *d;
    int err;

    if (copy_from_guest(&req, guest_ptr(arg), sizeof(req)))
        return -EFAULT;
    err = domain_for_memory(req.domid, &d);
    if (err)
        return err;
    return req.space <= XENMAPSPACE_grant_table ? -EINVAL : -ENOSYS;
}

long hc_memory_op(unsigned long cmd, unsigned long arg)
{
    unsigned op = cmd & MEMOP_CMD_MASK;

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return memory_reservation(op, cmd >> MEMOP_EXTENT_SHIFT, arg);
    case XENMEM_exchange: return memory_exchange(arg);
    case XENMEM_maximum_ram_page: return max_mfn - 1;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return report_number(op, arg);
    case XENMEM_memory_map: return memory_map_get(arg);
    case XENMEM_machine_memory_map: return memory_map_get_machine(arg);
    case XENMEM_set_memory_map: return memory_map_set(arg);
    case XENMEM_machphys_mfn_list: return memory_m2p_list(arg);
    case XENMEM_machphys_compat_mfn_list: return memory_m2p_compat_list(arg);
    case XENMEM_reserved_device_memory_map: return memory_reserved_device_map(arg);
    case XENMEM_machphys_mapping: return memory_m2p_range(arg);
    case XENMEM_acquire_resource: return memory_acquire_resource(arg);
    case XENMEM_add_to_physmap: return no_physmap(arg);
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        return -EINVAL;
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return 0;
    case XENMEM_get_vnumainfo: return -EOPNOTSUPP;
    default: return -ENOSYS;
    }
}
