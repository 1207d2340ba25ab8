/* SPDX-License-Identifier: MIT */
/* domctl operations on a domain's memory and its rights to the machine's resources. */
#include "core/guest_access.h"
#include "core/iocap.h"
#include "core/vehicle.h"
#include "hcall/hc_domctl.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "pv/hypercall_page.h"

#define MAX_PAGEFRAMES 1024 /* the ABI's limit of getpageframeinfo3 */

long domctl_max_mem(struct domain *d, struct xen_domctl *op)
{
    spin_lock(&d->page_lock);
    d->max_pages = op->u.max_mem.max_memkb / (PAGE_SIZE / 1024);
    spin_unlock(&d->page_lock);
    return 0;
}

long domctl_hypercall_init(struct domain *d, struct xen_domctl *op)
{
    uint64_t mfn = op->u.hypercall_init.gmfn;
    struct page_info *pg;

    if (!mfn_is_ram(mfn))
        return -EACCES;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, d))
        return -EACCES;
    if (d->vehicle->page_get_type(pg, PGT_WRITABLE)) {
        page_put(pg);
        return -EACCES;
    }
    hypercall_page_fill(page_to_virt(pg));
    d->vehicle->page_put_type(pg);
    page_put(pg);
    return 0;
}

static uint32_t frame_kind(struct domain *d, uint64_t mfn)
{
    uint64_t type;
    uint32_t kind;

    if (!mfn_is_ram(mfn) || !page_get(mfn_to_page(mfn), d))
        return XEN_DOMCTL_PFINFO_XTAB;
    type = __atomic_load_n(&mfn_to_page(mfn)->type, __ATOMIC_ACQUIRE);
    page_put(mfn_to_page(mfn));
    switch (type & PGT_TYPE_MASK) {
    case PGT_L1:
        kind = XEN_DOMCTL_PFINFO_L1TAB;
        break;
    case PGT_L2:
        kind = XEN_DOMCTL_PFINFO_L2TAB;
        break;
    case PGT_L3:
        kind = XEN_DOMCTL_PFINFO_L3TAB;
        break;
    case PGT_L4:
        kind = XEN_DOMCTL_PFINFO_L4TAB;
        break;
    default:
        return XEN_DOMCTL_PFINFO_NOTAB;
    }
    return type & PGT_PINNED ? kind | XEN_DOMCTL_PFINFO_LPINTAB : kind;
}

long domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op)
{
    struct guest_ptr array = guest_ptr(op->u.getpageframeinfo3.array);

    if (op->u.getpageframeinfo3.num > MAX_PAGEFRAMES)
        return -E2BIG;
    for (uint64_t i = 0; i < op->u.getpageframeinfo3.num; i++) {
        struct guest_ptr p = guest_ptr_at(array, i, sizeof(xen_pfn_t));
        xen_pfn_t mfn, kind;

        if (copy_from_guest(&mfn, p, sizeof(mfn)))
            return -EFAULT;
        kind = frame_kind(d, mfn);
        if (copy_to_guest(p, &kind, sizeof(kind)))
            return -EFAULT;
    }
    return 0;
}

/* Only what the caller has itself can be given away; taking is always possible. */
long domctl_irq_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

    if (p->allow_access && !iocap_irq_ok(current->domain, p->pirq))
        return -EPERM;
    return iocap_irq(d, p->pirq, p->allow_access);
}

long domctl_iomem_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
    uint64_t last = p->first_mfn + p->nr_mfns - 1;

    if (last < p->first_mfn)
        return -EINVAL; /* none, or more than there are */
    if (p->allow_access && !iocap_mfn_ok(current->domain, p->first_mfn, last))
        return -EPERM;
    return iocap_mfns(d, p->first_mfn, last, p->allow_access);
}

long domctl_ioport_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;

    if (!p->nr_ports)
        return 0;
    if (p->first_port > 0xffff || p->nr_ports > 0x10000 - p->first_port)
        return -EINVAL;
    if (p->allow_access && !iocap_port_ok(current->domain, p->first_port, p->nr_ports))
        return -EPERM;
    return iocap_ports(d, p->first_port, p->first_port + p->nr_ports - 1, p->allow_access);
}

/* A pv domain maps MMIO itself once it has the right to: there is no second table to fill. */
long domctl_memory_mapping(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
    uint64_t last = m->first_mfn + m->nr_mfns - 1;

    if (last < m->first_mfn)
        return -EINVAL;
    if (!iocap_mfn_ok(current->domain, m->first_mfn, last) || !iocap_mfn_ok(d, m->first_mfn, last))
        return -EPERM;
    return 0;
}
