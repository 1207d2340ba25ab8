/* SPDX-License-Identifier: MIT */
/* Domain control: making, ending and describing domains. */
#include "lib/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int parador_domctl(struct parador_handle *h, struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return control_call(h, __HYPERVISOR_domctl, "domctl", op, sizeof(*op));
}

/* A command without parameters. */
static int simple(struct parador_handle *h, unsigned cmd, domid_t domid, const char *what)
{
    struct xen_domctl op = {.cmd = cmd, .domain = domid};

    if (parador_domctl(h, &op) == 0)
        return 0;
    if (errno == ESRCH)
        return parador_fail(h, ESRCH, "there is no domain %u", domid);
    return parador_fail_in(h, "cannot %s domain %u", what, domid);
}

int parador_domain_create(struct parador_handle *h, const struct parador_domain_limits *limits,
                          domid_t *domid)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_createdomain};
    struct xen_domctl_createdomain *create = &op.u.createdomain;

    memcpy(create->handle, limits->uuid, sizeof(create->handle));
    create->max_vcpus = limits->max_vcpus;
    create->max_evtchn_port = limits->max_event_channels;
    create->max_grant_frames = limits->max_grant_frames ? (int32_t)limits->max_grant_frames : -1;
    create->max_maptrack_frames =
        limits->max_maptrack_frames ? (int32_t)limits->max_maptrack_frames : -1;
    create->cpupool_id = limits->cpupool;
    create->grant_opts = XEN_DOMCTL_GRANT_version(1);
    if (parador_domctl(h, &op) < 0) {
        if (errno == ENOMEM)
            return parador_fail(h, ENOMEM, "the hypervisor has no memory left for a new domain");
        return parador_fail_in(h, "cannot create a domain");
    }
    *domid = op.domain;
    return 0;
}

int parador_domain_destroy(struct parador_handle *h, domid_t domid)
{
    int ret;

    /* The hypervisor frees in pieces and may ask to be called again. */
    do {
        ret = simple(h, XEN_DOMCTL_destroydomain, domid, "destroy");
    } while (ret < 0 && (errno == EAGAIN || errno == EINTR));
    return ret;
}

int parador_domain_pause(struct parador_handle *h, domid_t domid)
{
    return simple(h, XEN_DOMCTL_pausedomain, domid, "pause");
}

int parador_domain_unpause(struct parador_handle *h, domid_t domid)
{
    return simple(h, XEN_DOMCTL_unpausedomain, domid, "unpause");
}

int parador_domain_info(struct parador_handle *h, domid_t domid,
                        struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = domid};

    /* The hypervisor answers for the next domain when there is none with this number. */
    if (parador_domctl(h, &op) < 0) {
        if (errno != ESRCH)
            return parador_fail_in(h, "cannot look at domain %u", domid);
    } else if (op.u.getdomaininfo.domain == domid) {
        *info = op.u.getdomaininfo;
        return 0;
    }
    return parador_fail(h, ESRCH, "there is no domain %u", domid);
}

int parador_domain_max_vcpus(struct parador_handle *h, domid_t domid, uint32_t count)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_max_vcpus, .domain = domid};

    op.u.max_vcpus.max = count;
    if (parador_domctl(h, &op) < 0)
        return parador_fail_in(h, "cannot give domain %u %u vcpus", domid, count);
    return 0;
}

int parador_domain_max_mem(struct parador_handle *h, domid_t domid, uint64_t kib)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_max_mem, .domain = domid};

    op.u.max_mem.max_memkb = kib;
    if (parador_domctl(h, &op) < 0)
        return parador_fail_in(h, "cannot limit domain %u to %llu KiB", domid,
                               (unsigned long long)kib);
    return 0;
}

int parador_domain_hypercall_page(struct parador_handle *h, domid_t domid, uint64_t mfn)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_hypercall_init, .domain = domid};

    op.u.hypercall_init.gmfn = mfn;
    if (parador_domctl(h, &op) < 0)
        return parador_fail_in(h, "cannot write the hypercall page of domain %u", domid);
    return 0;
}

/* Both directions of the vcpu context. */
static int context_op(struct parador_handle *h, unsigned cmd, domid_t domid, uint32_t vcpu,
                      struct vcpu_guest_context *context)
{
    struct vcpu_guest_context *buf = parador_hcbuf_alloc(h, sizeof(*buf));
    struct xen_domctl op = {.cmd = cmd, .domain = domid};
    int ret;

    if (!buf)
        return -1;
    *buf = *context;
    op.u.vcpucontext.vcpu = vcpu;
    op.u.vcpucontext.ctxt = (uintptr_t)buf;
    ret = parador_domctl(h, &op);
    if (ret == 0)
        *context = *buf;
    parador_hcbuf_free(h, buf, sizeof(*buf));
    return ret;
}

int parador_domain_set_context(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                               const struct vcpu_guest_context *context)
{
    struct vcpu_guest_context copy = *context;

    if (context_op(h, XEN_DOMCTL_setvcpucontext, domid, vcpu, &copy) < 0)
        return parador_fail_in(h, "cannot set the registers of vcpu %u of domain %u", vcpu, domid);
    return 0;
}

int parador_domain_get_context(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                               struct vcpu_guest_context *context)
{
    if (context_op(h, XEN_DOMCTL_getvcpucontext, domid, vcpu, context) < 0)
        return parador_fail_in(h, "cannot read the registers of vcpu %u of domain %u", vcpu, domid);
    return 0;
}
