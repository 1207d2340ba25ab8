/* SPDX-License-Identifier: MIT */
/*
 * sysctl(guest address of xen_sysctl): the host as a whole.
 *
 * Only dom0. Copied in, and copied back when the op has OUT fields. Common errors: EPERM, EFAULT,
 * EACCES wrong interface_version, ENOSYS op not offered, EINVAL a field out of range, ENOMEM. Ops
 * that fill an array of the caller's take its room IN and report the number of entries OUT; an
 * array address of 0 asks for that number alone where so noted.
 */
#ifndef PUBLIC_SYSCTL_H
#define PUBLIC_SYSCTL_H

#include "types.h"
#include "domctl.h"
#include "physdev.h"

#define XEN_SYSCTL_INTERFACE_VERSION    0x00000015

/* readconsole IN+OUT: the hypervisor's messages. */
#define XEN_SYSCTL_readconsole          1
#define XEN_SYSCTL_tbuf_op              2
/* physinfo OUT. */
#define XEN_SYSCTL_physinfo             3
/* sched_id OUT: the boot cpupool's scheduler. */
#define XEN_SYSCTL_sched_id             4
#define XEN_SYSCTL_perfc_op             5
/* getdomaininfolist IN+OUT: every domain from first_domain up, in order of domid. */
#define XEN_SYSCTL_getdomaininfolist    6
/* debug_keys IN: as if typed at the hypervisor's console. */
#define XEN_SYSCTL_debug_keys           7
/* getcpuinfo IN+OUT. */
#define XEN_SYSCTL_getcpuinfo           8
/* availheap IN+OUT. */
#define XEN_SYSCTL_availheap            9
#define XEN_SYSCTL_get_pmstat           10
/* cpu_hotplug IN. EBUSY: cpu cannot be spared. */
#define XEN_SYSCTL_cpu_hotplug          11
#define XEN_SYSCTL_pm_op                12
#define XEN_SYSCTL_page_offline_op      14
#define XEN_SYSCTL_lockprof_op          15
/* cputopoinfo IN+OUT; array 0: count only. */
#define XEN_SYSCTL_cputopoinfo          16
/* numainfo IN+OUT; both arrays 0: count only. */
#define XEN_SYSCTL_numainfo             17
/* cpupool_op IN+OUT. ENOENT: no such pool; EBUSY: cpu or pool in use; EEXIST: id taken;
 * EADDRINUSE as EBUSY for a cpu that a pinned vcpu needs; EPERM: the pool may not be changed. */
#define XEN_SYSCTL_cpupool_op           18
/* scheduler_op IN+OUT. ESRCH: no such pool; EINVAL: sched_id is not the pool's. */
#define XEN_SYSCTL_scheduler_op         19
#define XEN_SYSCTL_coverage_op          20
#define XEN_SYSCTL_psr_cmt_op           21
/* pcitopoinfo IN+OUT: NUMA node of each PCI function listed. */
#define XEN_SYSCTL_pcitopoinfo          22
#define XEN_SYSCTL_psr_alloc            23
/* cpu_levelling_caps OUT. */
#define XEN_SYSCTL_get_cpu_levelling_caps 25
/* cpu_featureset IN+OUT; array 0: count only. ENOBUFS: room too small. */
#define XEN_SYSCTL_get_cpu_featureset   26
#define XEN_SYSCTL_livepatch_op         27
/* cpu_policy IN+OUT; arrays 0: counts only. ENOBUFS: room too small. */
#define XEN_SYSCTL_get_cpu_policy       29

/* physinfo.capabilities */
#define _XEN_SYSCTL_PHYSCAP_hvm         0
#define XEN_SYSCTL_PHYSCAP_hvm          (xen_mk_uint(1) << _XEN_SYSCTL_PHYSCAP_hvm)
#define _XEN_SYSCTL_PHYSCAP_pv          1
#define XEN_SYSCTL_PHYSCAP_pv           (xen_mk_uint(1) << _XEN_SYSCTL_PHYSCAP_pv)
#define _XEN_SYSCTL_PHYSCAP_directio    2
#define XEN_SYSCTL_PHYSCAP_directio     (xen_mk_uint(1) << _XEN_SYSCTL_PHYSCAP_directio)
#define _XEN_SYSCTL_PHYSCAP_hap         3
#define XEN_SYSCTL_PHYSCAP_hap          (xen_mk_uint(1) << _XEN_SYSCTL_PHYSCAP_hap)
#define _XEN_SYSCTL_PHYSCAP_shadow      4
#define XEN_SYSCTL_PHYSCAP_shadow       (xen_mk_uint(1) << _XEN_SYSCTL_PHYSCAP_shadow)
#define _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share 5
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share \
    (xen_mk_uint(1) << _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share)
#define XEN_SYSCTL_PHYSCAP_vmtrace      (xen_mk_uint(1) << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu         (xen_mk_uint(1) << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1    (xen_mk_uint(1) << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2    (xen_mk_uint(1) << 9)
#define XEN_SYSCTL_PHYSCAP_MAX          XEN_SYSCTL_PHYSCAP_gnttab_v2

/* cpu_hotplug.op */
#define XEN_SYSCTL_CPU_HOTPLUG_ONLINE       0
#define XEN_SYSCTL_CPU_HOTPLUG_OFFLINE      1
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE   2
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE  3

/* What the topology ops report for something absent. */
#define XEN_INVALID_CORE_ID             xen_mk_uint(0xffffffff)
#define XEN_INVALID_SOCKET_ID           xen_mk_uint(0xffffffff)
#define XEN_INVALID_NODE_ID             xen_mk_uint(0xffffffff)
#define XEN_INVALID_DEV                 (XEN_INVALID_NODE_ID - 1)
#define XEN_INVALID_MEM_SZ              xen_mk_uint(0xffffffff)
#define XEN_INVALID_NODE_DIST           xen_mk_uint(0xffffffff)

/* cpupool_op.op */
#define XEN_SYSCTL_CPUPOOL_OP_CREATE        1 /* IN cpupool_id or PAR_ANY, sched_id; OUT id */
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY       2 /* IN cpupool_id */
#define XEN_SYSCTL_CPUPOOL_OP_INFO          3 /* IN id: the first pool from there; OUT all */
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU        4 /* IN id, cpu or PAR_ANY */
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU         5 /* IN id, cpu or PAR_ANY */
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN    6 /* IN id, domid */
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO      7 /* OUT cpumap: cpus in no pool */
#define XEN_SYSCTL_CPUPOOL_PAR_ANY          xen_mk_uint(0xFFFFFFFF)

/* scheduler_op.cmd */
#define XEN_SYSCTL_SCHEDOP_putinfo          0
#define XEN_SYSCTL_SCHEDOP_getinfo          1
#define ARINC653_MAX_DOMAINS_PER_SCHEDULE   64
/* Limits of the values below. */
#define XEN_SYSCTL_SCHED_RATELIMIT_MAX      500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN      100
#define XEN_SYSCTL_CSCHED_TSLICE_MAX        1000
#define XEN_SYSCTL_CSCHED_TSLICE_MIN        1
#define XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US    (100 * 1000)

/* cpu_levelling_caps.caps: feature words we can mask for PV guests */
#define XEN_SYSCTL_CPU_LEVELCAP_faulting    (xen_mk_ulong(1) << 0)
#define XEN_SYSCTL_CPU_LEVELCAP_ecx         (xen_mk_ulong(1) << 1)
#define XEN_SYSCTL_CPU_LEVELCAP_edx         (xen_mk_ulong(1) << 2)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_ecx    (xen_mk_ulong(1) << 3)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_edx    (xen_mk_ulong(1) << 4)
#define XEN_SYSCTL_CPU_LEVELCAP_xsave_eax   (xen_mk_ulong(1) << 5)
#define XEN_SYSCTL_CPU_LEVELCAP_thermal_ecx (xen_mk_ulong(1) << 6)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_eax    (xen_mk_ulong(1) << 7)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_ebx    (xen_mk_ulong(1) << 8)

/* cpu_featureset.index */
#define XEN_SYSCTL_cpu_featureset_raw       0
#define XEN_SYSCTL_cpu_featureset_host      1
#define XEN_SYSCTL_cpu_featureset_pv        2
#define XEN_SYSCTL_cpu_featureset_hvm       3
#define XEN_SYSCTL_cpu_featureset_pv_max    4
#define XEN_SYSCTL_cpu_featureset_hvm_max   5

/* cpu_policy.index */
#define XEN_SYSCTL_cpu_policy_raw           0
#define XEN_SYSCTL_cpu_policy_host          1
#define XEN_SYSCTL_cpu_policy_pv_max        2
#define XEN_SYSCTL_cpu_policy_hvm_max       3
#define XEN_SYSCTL_cpu_policy_pv_default    4
#define XEN_SYSCTL_cpu_policy_hvm_default   5

#ifndef __ASSEMBLER__

struct xen_sysctl_readconsole {
    uint8_t clear;              /* IN  empty the ring after reading */
    uint8_t incremental;        /* IN  start at index */
    uint8_t pad0, pad1;
    uint32_t index;             /* IN  where to start, OUT where to go on */
    uint64_t buffer;            /* guest address; OUT text */
    uint32_t count;             /* IN room, OUT bytes */
};

struct xen_sysctl_physinfo {
    uint32_t threads_per_core;
    uint32_t cores_per_socket;
    uint32_t nr_cpus;           /* online */
    uint32_t max_cpu_id;
    uint32_t nr_nodes;          /* online */
    uint32_t max_node_id;
    uint32_t cpu_khz;
    uint32_t capabilities;      /* XEN_SYSCTL_PHYSCAP_* */
    uint32_t arch_capabilities; /* 0 */
    uint32_t pad;
    uint64_t total_pages;
    uint64_t free_pages;
    uint64_t scrub_pages;       /* free once wiped */
    uint64_t outstanding_pages; /* claimed */
    uint64_t max_mfn;
    uint32_t hw_cap[8];         /* CPUID feature words: 1d, 80000001d, 80000001c, 1c, ... */
};

struct xen_sysctl_sched_id {
    uint32_t sched_id;          /* OUT XEN_SCHEDULER_* */
};

struct xen_sysctl_getdomaininfolist {
    domid_t first_domain;       /* IN */
    uint32_t max_domains;       /* IN  room */
    uint64_t buffer;            /* guest address of xen_domctl_getdomaininfo[]; OUT */
    uint32_t num_domains;       /* OUT */
};

struct xen_sysctl_debug_keys {
    uint64_t keys;              /* guest address of char[nr_keys]; IN */
    uint32_t nr_keys;           /* IN */
};

struct xen_sysctl_cpuinfo {
    uint64_t idletime;          /* ns */
};

struct xen_sysctl_getcpuinfo {
    uint32_t max_cpus;          /* IN  room */
    uint64_t info;              /* guest address of xen_sysctl_cpuinfo[]; OUT */
    uint32_t nr_cpus;           /* OUT */
};

struct xen_sysctl_availheap {
    uint32_t min_bitwidth;      /* IN  frames at or above 2^n, 0 any */
    uint32_t max_bitwidth;      /* IN  frames below 2^n, 0 any */
    int32_t node;               /* IN  -1 all */
    uint64_t avail_bytes;       /* OUT */
};

struct xen_sysctl_cpu_hotplug {
    uint32_t cpu;               /* IN */
    uint32_t op;                /* IN */
};

struct xen_sysctl_cputopo {
    uint32_t core;
    uint32_t socket;
    uint32_t node;
};

struct xen_sysctl_cputopoinfo {
    uint32_t num_cpus;          /* IN room, OUT count */
    uint64_t cputopo;           /* guest address of xen_sysctl_cputopo[]; OUT */
};

struct xen_sysctl_meminfo {
    uint64_t memsize;           /* bytes */
    uint64_t memfree;
};

struct xen_sysctl_numainfo {
    uint32_t num_nodes;         /* IN room, OUT count */
    uint64_t meminfo;           /* guest address of xen_sysctl_meminfo[num_nodes]; OUT */
    uint64_t distance;          /* guest address of uint32_t[num_nodes * num_nodes]; OUT */
};

struct xen_sysctl_pcitopoinfo {
    uint32_t num_devs;          /* IN count, OUT handled */
    uint64_t devs;              /* guest address of physdev_pci_device[]; IN */
    uint64_t nodes;             /* guest address of uint32_t[]; OUT */
};

struct xen_sysctl_cpupool_op {
    uint32_t op;                /* IN  XEN_SYSCTL_CPUPOOL_OP_* */
    uint32_t cpupool_id;
    uint32_t sched_id;
    uint32_t domid;
    uint32_t cpu;
    uint32_t n_dom;             /* OUT of INFO */
    struct xenctl_bitmap cpumap; /* OUT of INFO, FREEINFO */
};

struct xen_sysctl_arinc653_schedule {
    uint64_t major_frame;       /* ns */
    uint8_t num_sched_entries;
    struct {
        xen_domain_handle_t dom_handle;
        uint32_t vcpu_id;
        uint64_t runtime;       /* ns */
    } sched_entries[ARINC653_MAX_DOMAINS_PER_SCHEDULE];
};

struct xen_sysctl_credit_schedule {
    uint32_t tslice_ms;
    uint32_t ratelimit_us;      /* 0 off */
    uint32_t vcpu_migr_delay_us;
};

struct xen_sysctl_credit2_schedule {
    uint32_t ratelimit_us;
};

struct xen_sysctl_sched_arinc653 {
    uint64_t schedule;          /* guest address of xen_sysctl_arinc653_schedule */
};

struct xen_sysctl_scheduler_op {
    uint32_t cpupool_id;        /* IN */
    uint32_t sched_id;          /* IN */
    uint32_t cmd;               /* IN  XEN_SYSCTL_SCHEDOP_* */
    union {
        struct xen_sysctl_sched_arinc653 sched_arinc653;
        struct xen_sysctl_credit_schedule sched_credit;
        struct xen_sysctl_credit2_schedule sched_credit2;
    } u;
};

struct xen_sysctl_cpu_levelling_caps {
    uint32_t caps;              /* OUT */
};

struct xen_sysctl_cpu_featureset {
    uint32_t index;             /* IN */
    uint32_t nr_features;       /* IN room, OUT words */
    uint64_t features;          /* guest address of uint32_t[]; OUT */
};

struct xen_sysctl_cpu_policy {
    uint32_t index;             /* IN */
    uint32_t nr_leaves;         /* IN room, OUT count */
    uint32_t nr_msrs;           /* IN room, OUT count */
    uint32_t _rsvd;             /* 0 */
    uint64_t leaves;            /* guest address of xen_cpuid_leaf[]; OUT */
    uint64_t msrs;              /* guest address of xen_msr_entry[]; OUT */
};

struct xen_sysctl {
    uint32_t cmd;               /* IN  XEN_SYSCTL_* */
    uint32_t interface_version; /* IN  XEN_SYSCTL_INTERFACE_VERSION */
    union {
        struct xen_sysctl_readconsole readconsole;
        struct xen_sysctl_physinfo physinfo;
        struct xen_sysctl_cputopoinfo cputopoinfo;
        struct xen_sysctl_pcitopoinfo pcitopoinfo;
        struct xen_sysctl_numainfo numainfo;
        struct xen_sysctl_sched_id sched_id;
        struct xen_sysctl_getdomaininfolist getdomaininfolist;
        struct xen_sysctl_debug_keys debug_keys;
        struct xen_sysctl_getcpuinfo getcpuinfo;
        struct xen_sysctl_availheap availheap;
        struct xen_sysctl_cpu_hotplug cpu_hotplug;
        struct xen_sysctl_cpupool_op cpupool_op;
        struct xen_sysctl_scheduler_op scheduler_op;
        struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
        struct xen_sysctl_cpu_featureset cpu_featureset;
        struct xen_sysctl_cpu_policy cpu_policy;
        uint8_t pad[128];
    } u;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_SYSCTL_H */
