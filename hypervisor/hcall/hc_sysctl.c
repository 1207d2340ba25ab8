/* SPDX-License-Identifier: MIT */
/* sysctl: the host as a whole. */
#include "hcall/hc_sysctl.h"

#include "core/guest_access.h"
#include "core/physmem.h"
#include "core/sched.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "hcall/hc_domctl.h"
#include "hcall/log_once.h"
#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/pci.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "public/sysctl.h"

void (*sysctl_debug_key)(unsigned char key);

static long readconsole(struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *c = &op->u.readconsole;
    uint32_t index = c->index, done = 0;
    bool incremental = c->incremental;
    char buf[256];

    while (done < c->count) {
        uint32_t want = c->count - done < sizeof(buf) ? c->count - done : sizeof(buf);
        size_t n = console_ring_read(buf, want, &index, incremental);

        if (!n)
            break;
        if (copy_to_guest(guest_ptr_at(guest_ptr(c->buffer), done, 1), buf, n))
            return -EFAULT;
        done += n;
        incremental = true; /* the first read has found the start */
    }
    if (c->clear)
        console_ring_clear();
    c->count = done;
    c->index = index;
    return 0;
}

/* Bits of an APIC id below the core (level 0) or the socket (1): SDM volume 2, CPUID leaf 0xb. */
static unsigned apic_shift(unsigned level)
{
    if (cpu_features.max_leaf < 0xb || !(cpuid(0xb, level).ebx & 0xffff))
        return 0;
    return cpuid(0xb, level).eax & 0x1f;
}

static unsigned socket_of(uint32_t apic_id)
{
    return apic_id >> apic_shift(1);
}

static unsigned core_of(uint32_t apic_id)
{
    unsigned smt = apic_shift(0), core = apic_shift(1);

    return core ? (apic_id & ((1u << core) - 1)) >> smt : 0;
}

/* CPUs that share a socket (and, with `core`, a core) with the boot CPU. */
static unsigned siblings(bool core)
{
    uint32_t boot = acpi_cpu_apic_id[0];
    unsigned cpu, n = 0;

    for_each_online_cpu (cpu)
        if (socket_of(acpi_cpu_apic_id[cpu]) == socket_of(boot) &&
            (!core || core_of(acpi_cpu_apic_id[cpu]) == core_of(boot)))
            n++;
    return n ? n : 1;
}

static long physinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *p = &op->u.physinfo;

    physmem_drain();
    memset(p, 0, sizeof(*p));
    p->threads_per_core = siblings(true);
    p->cores_per_socket = siblings(false) / p->threads_per_core;
    p->nr_cpus = cpumask_weight(&cpu_online_mask);
    p->max_cpu_id = nr_cpus - 1;
    p->nr_nodes = 1;
    p->cpu_khz = tsc_khz;
    p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
    p->total_pages = e820_ram_bytes(&e820) >> PAGE_SHIFT;
    p->free_pages = buddy_free_pages();
    p->max_mfn = max_mfn - 1;
    p->hw_cap[0] = cpuid(1, 0).edx;
    if (cpu_features.max_ext_leaf >= 0x80000001) {
        p->hw_cap[1] = cpuid(0x80000001, 0).edx;
        p->hw_cap[2] = cpuid(0x80000001, 0).ecx;
    }
    p->hw_cap[3] = cpuid(1, 0).ecx;
    return 0;
}

static long getdomaininfolist(struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
    unsigned next = l->first_domain;
    uint32_t n = 0;

    while (n < l->max_domains) {
        struct domain *d = domain_get_next(next);
        struct xen_domctl_getdomaininfo info;

        if (!d)
            break;
        domctl_fill_info(d, &info);
        next = d->domid + 1;
        domain_put(d);
        if (copy_to_guest(guest_ptr_at(guest_ptr(l->buffer), n, sizeof(info)), &info, sizeof(info)))
            return -EFAULT;
        n++;
    }
    l->num_domains = n;
    return 0;
}

static long debug_keys(struct xen_sysctl *op)
{
    const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;

    for (uint32_t i = 0; i < k->nr_keys; i++) {
        unsigned char key;

        if (copy_from_guest(&key, guest_ptr_at(guest_ptr(k->keys), i, 1), 1))
            return -EFAULT;
        if (sysctl_debug_key)
            sysctl_debug_key(key);
    }
    return 0;
}

static long getcpuinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
    uint32_t n = g->max_cpus < nr_cpus ? g->max_cpus : nr_cpus;

    for (uint32_t cpu = 0; cpu < n; cpu++) {
        struct xen_sysctl_cpuinfo info = { 0 };
        struct vcpu_runstate_info r;

        if (cpumask_test(&cpu_online_mask, cpu)) {
            runstate_get(idle_vcpu(cpu), &r);
            info.idletime = r.time[RUNSTATE_blocked]; /* halted: core/runstate.c */
        }
        if (copy_to_guest(guest_ptr_at(guest_ptr(g->info), cpu, sizeof(info)), &info, sizeof(info)))
            return -EFAULT;
    }
    g->nr_cpus = n;
    return 0;
}

/* Frames are not counted by address: a caller who asks for a part gets the whole. */
static long availheap(struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *a = &op->u.availheap;

    if (a->node != -1 && a->node != 0)
        return -EINVAL;
    physmem_drain();
    a->avail_bytes = buddy_free_pages() << PAGE_SHIFT;
    return 0;
}

static long cputopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
    uint32_t n = t->num_cpus < nr_cpus ? t->num_cpus : nr_cpus;

    for (uint32_t cpu = 0; t->cputopo && cpu < n; cpu++) {
        struct xen_sysctl_cputopo topo = { XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID,
                                           XEN_INVALID_NODE_ID };

        if (cpumask_test(&cpu_online_mask, cpu)) {
            topo.core = core_of(acpi_cpu_apic_id[cpu]);
            topo.socket = socket_of(acpi_cpu_apic_id[cpu]);
            topo.node = 0;
        }
        if (copy_to_guest(guest_ptr_at(guest_ptr(t->cputopo), cpu, sizeof(topo)), &topo,
                          sizeof(topo)))
            return -EFAULT;
    }
    t->num_cpus = t->cputopo ? n : nr_cpus;
    return 0;
}

/* There is one node: a device that is there is near it. Some at a time, the caller asks again. */
static long pcitopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;
    uint32_t n = t->num_devs < 64 ? t->num_devs : 64;

    for (uint32_t i = 0; i < n; i++) {
        struct physdev_pci_device dev;
        uint32_t node = 0;

        if (copy_from_guest(&dev, guest_ptr_at(guest_ptr(t->devs), i, sizeof(dev)), sizeof(dev)))
            return -EFAULT;
        if (dev.seg || !pci_present(dev.bus, dev.devfn))
            node = XEN_INVALID_DEV;
        if (copy_to_guest(guest_ptr_at(guest_ptr(t->nodes), i, sizeof(node)), &node, sizeof(node)))
            return -EFAULT;
    }
    t->num_devs = n;
    return 0;
}

static long numainfo(struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *n = &op->u.numainfo;
    struct xen_sysctl_meminfo mem = {
        .memsize = e820_ram_bytes(&e820),
        .memfree = buddy_free_pages() << PAGE_SHIFT,
    };
    uint32_t distance = 10; /* ACPI's value for "to itself" */

    if (!n->meminfo && !n->distance) {
        n->num_nodes = 1;
        return 0;
    }
    if (n->num_nodes) {
        if (n->meminfo && copy_to_guest(guest_ptr(n->meminfo), &mem, sizeof(mem)))
            return -EFAULT;
        if (n->distance && copy_to_guest(guest_ptr(n->distance), &distance, sizeof(distance)))
            return -EFAULT;
        n->num_nodes = 1;
    }
    return 0;
}

/* We mask no feature words behind a pv guest's back. */
static long get_cpu_levelling_caps(struct xen_sysctl *op)
{
    op->u.cpu_levelling_caps.caps = 0;
    return 0;
}

static const struct {
    uint32_t cmd;
    bool copy_back;
    long (*fn)(struct xen_sysctl *op);
} rows[] = {
    { XEN_SYSCTL_readconsole, true, readconsole },
    { XEN_SYSCTL_physinfo, true, physinfo },
    { XEN_SYSCTL_sched_id, true, sysctl_sched_id },
    { XEN_SYSCTL_getdomaininfolist, true, getdomaininfolist },
    { XEN_SYSCTL_debug_keys, false, debug_keys },
    { XEN_SYSCTL_getcpuinfo, true, getcpuinfo },
    { XEN_SYSCTL_availheap, true, availheap },
    { XEN_SYSCTL_cputopoinfo, true, cputopoinfo },
    { XEN_SYSCTL_pcitopoinfo, true, pcitopoinfo },
    { XEN_SYSCTL_numainfo, true, numainfo },
    { XEN_SYSCTL_cpupool_op, true, sysctl_cpupool_op },
    { XEN_SYSCTL_scheduler_op, true, sysctl_scheduler_op },
    { XEN_SYSCTL_get_cpu_levelling_caps, true, get_cpu_levelling_caps },
    { XEN_SYSCTL_get_cpu_featureset, true, sysctl_get_cpu_featureset },
    { XEN_SYSCTL_get_cpu_policy, true, sysctl_get_cpu_policy },
};

long hc_sysctl(unsigned long arg)
{
    static unsigned long unknown_logged[BITMAP_WORDS(64)];
    struct xen_sysctl op;

    if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        long rc;

        if (rows[i].cmd != op.cmd)
            continue;
        rc = rows[i].fn(&op);
        if (rc == -ERESTART)
            return hcall_restart(1, arg, 0, 0, 0);
        if (rc == 0 && rows[i].copy_back && copy_to_guest(guest_ptr(arg), &op, sizeof(op)))
            return -EFAULT;
        return rc;
    }
    if (op.cmd < 64)
        log_once(unknown_logged, op.cmd, "sysctl %u is not implemented", op.cmd);
    return -ENOSYS;
}
