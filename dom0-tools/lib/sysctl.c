/* SPDX-License-Identifier: MIT */
/* The machine as a whole: its memory and CPUs, its domains, the hypervisor's console ring. */
#include "lib/internal.h"

#include <errno.h>
#include <string.h>

int parador_sysctl(struct parador_handle *h, struct xen_sysctl *op)
{
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return control_call(h, __HYPERVISOR_sysctl, "sysctl", op, sizeof(*op));
}

int parador_physinfo(struct parador_handle *h, struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};

    if (parador_sysctl(h, &op) < 0)
        return parador_fail_in(h, "cannot look at the machine");
    *info = op.u.physinfo;
    return 0;
}

int parador_topology(struct parador_handle *h, struct parador_topology *topo)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_cputopoinfo};
    size_t size = PARADOR_CPUS_MAX * sizeof(struct xen_sysctl_cputopo);
    struct xen_sysctl_cputopo *buf = parador_hcbuf_alloc(h, size);
    int ret;

    if (!buf)
        return -1;
    memset(topo, 0, sizeof(*topo));
    op.u.cputopoinfo.num_cpus = PARADOR_CPUS_MAX;
    op.u.cputopoinfo.cputopo = (uintptr_t)buf;
    ret = parador_sysctl(h, &op);
    for (unsigned cpu = 0; ret == 0 && cpu < op.u.cputopoinfo.num_cpus && cpu < PARADOR_CPUS_MAX;
         cpu++) {
        if (buf[cpu].core == XEN_INVALID_CORE_ID)
            continue;
        parador_cpuset_add(&topo->cpus, cpu);
        topo->node[cpu] = buf[cpu].node == XEN_INVALID_NODE_ID ? 0 : buf[cpu].node;
        if (topo->node[cpu] > topo->last_node)
            topo->last_node = topo->node[cpu];
    }
    parador_hcbuf_free(h, buf, size);
    return ret < 0 ? parador_fail_in(h, "cannot list the CPUs") : 0;
}

int parador_domain_list(struct parador_handle *h, domid_t first, unsigned max,
                        struct xen_domctl_getdomaininfo *list)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_getdomaininfolist};
    size_t size = max * sizeof(*list);
    struct xen_domctl_getdomaininfo *buf = parador_hcbuf_alloc(h, size);
    int ret = -1;

    if (!buf)
        return -1;
    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = max;
    op.u.getdomaininfolist.buffer = (uintptr_t)buf;
    if (parador_sysctl(h, &op) < 0) {
        parador_fail_in(h, "cannot list the domains");
    } else if (op.u.getdomaininfolist.num_domains > max) {
        parador_fail(h, EPROTO, "the hypervisor listed more domains than asked for");
    } else {
        ret = (int)op.u.getdomaininfolist.num_domains;
        memcpy(list, buf, (size_t)ret * sizeof(*list));
    }
    parador_hcbuf_free(h, buf, size);
    return ret;
}

int parador_console_ring(struct parador_handle *h, char *buf, uint32_t size, uint32_t *index,
                         bool clear)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_readconsole};
    char *bounce = parador_hcbuf_alloc(h, size);
    int ret = -1;

    if (!bounce)
        return -1;
    op.u.readconsole.clear = clear;
    op.u.readconsole.incremental = 1;
    op.u.readconsole.index = *index;
    op.u.readconsole.count = size;
    op.u.readconsole.buffer = (uintptr_t)bounce;
    if (parador_sysctl(h, &op) < 0) {
        parador_fail_in(h, "cannot read the hypervisor's console ring");
    } else if (op.u.readconsole.count > size) {
        parador_fail(h, EPROTO, "the hypervisor's console ring gave more than asked for");
    } else {
        ret = (int)op.u.readconsole.count;
        memcpy(buf, bounce, (size_t)ret);
        *index = op.u.readconsole.index;
    }
    parador_hcbuf_free(h, bounce, size);
    return ret;
}

int parador_debug_keys(struct parador_handle *h, const char *keys)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys};
    size_t size = strlen(keys);
    char *bounce = parador_hcbuf_alloc(h, size);
    int ret;

    if (!bounce)
        return -1;
    memcpy(bounce, keys, size);
    op.u.debug_keys.keys = (uintptr_t)bounce;
    op.u.debug_keys.nr_keys = (uint32_t)size;
    ret = parador_sysctl(h, &op);
    parador_hcbuf_free(h, bounce, size);
    return ret < 0 ? parador_fail_in(h, "cannot type at the hypervisor's console") : 0;
}
