/* SPDX-License-Identifier: MIT */
/* One vcpu: its state, and the CPUs that it may use. */
#include "lib/internal.h"

#include <errno.h>
#include <string.h>

int parador_vcpu_info(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                      struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpuinfo, .domain = domid};

    op.u.getvcpuinfo.vcpu = vcpu;
    if (parador_domctl(h, &op) < 0)
        return parador_fail_in(h, "cannot look at vcpu %u of domain %u", vcpu, domid);
    *info = op.u.getvcpuinfo;
    return 0;
}

/* Both masks of one op: hard first. Only those whose flag is set are used. */
static int affinity_op(struct parador_handle *h, unsigned cmd, domid_t domid, uint32_t vcpu,
                       uint32_t flags, struct parador_cpuset masks[2])
{
    struct parador_cpuset *buf = parador_hcbuf_alloc(h, 2 * sizeof(*buf));
    struct xen_domctl op = {.cmd = cmd, .domain = domid};
    struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
    int ret;

    if (!buf)
        return -1;
    memcpy(buf, masks, 2 * sizeof(*buf));
    a->vcpu = vcpu;
    a->flags = flags;
    a->cpumap_hard.bitmap = (uintptr_t)&buf[0];
    a->cpumap_hard.nr_bits = PARADOR_CPUS_MAX;
    a->cpumap_soft.bitmap = (uintptr_t)&buf[1];
    a->cpumap_soft.nr_bits = PARADOR_CPUS_MAX;
    ret = parador_domctl(h, &op);
    memcpy(masks, buf, 2 * sizeof(*buf));
    parador_hcbuf_free(h, buf, 2 * sizeof(*buf));
    return ret;
}

int parador_vcpu_affinity(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                          struct parador_cpuset *hard, struct parador_cpuset *soft)
{
    struct parador_cpuset masks[2] = {{{0}}};

    if (affinity_op(h, XEN_DOMCTL_getvcpuaffinity, domid, vcpu,
                    XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT, masks) < 0)
        return parador_fail_in(h, "cannot read the affinity of vcpu %u of domain %u", vcpu, domid);
    *hard = masks[0];
    *soft = masks[1];
    return 0;
}

int parador_vcpu_set_affinity(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                              const struct parador_cpuset *hard, const struct parador_cpuset *soft,
                              bool force)
{
    struct parador_cpuset masks[2] = {{{0}}};
    uint32_t flags = force ? XEN_VCPUAFFINITY_FORCE : 0;

    if (hard) {
        flags |= XEN_VCPUAFFINITY_HARD;
        masks[0] = *hard;
    }
    if (soft) {
        flags |= XEN_VCPUAFFINITY_SOFT;
        masks[1] = *soft;
    }
    if (affinity_op(h, XEN_DOMCTL_setvcpuaffinity, domid, vcpu, flags, masks) == 0)
        return 0;
    if (errno == EBUSY)
        return parador_fail(h, EBUSY, "domain %u has pinned its vcpu %u itself for now: -f undoes "
                            "that", domid, vcpu);
    return parador_fail_in(h, "cannot set the affinity of vcpu %u of domain %u", vcpu, domid);
}
