/* SPDX-License-Identifier: MIT */
/*
 * memory_op(int cmd, guest address arg): a domain's frames and what the host has.
 *
 * "extent" is 2^extent_order naturally aligned contiguous frames. For a PV guest a gfn is an mfn.
 * Common errors: EFAULT, ENOSYS, ESRCH and EPERM about domid, EINVAL for reserved fields not 0.
 */
#ifndef PUBLIC_MEMORY_H
#define PUBLIC_MEMORY_H

#include "types.h"
#include "physdev.h"

/*
 * Reservation ops take struct xen_memory_reservation. Result: the number of extents handled, which
 * is less than nr_extents when the domain's limit, memory or a bad extent stopped the op; never a
 * negative number once the structure was read and domid was accepted.
 * increase_reservation OUT extent_start[]: the mfns given (extent_start 0: do not report).
 * decrease_reservation IN  extent_start[]: the mfns to free; frames still in use count as given
 *                          back but return to the pool with their last use.
 * populate_physmap     IN  extent_start[]: pfns, OUT the mfns given; the M2P entry is set.
 *   EPERM  extent_order too high for the caller, or domid not DOMID_SELF from an unprivileged one
 */
#define XENMEM_increase_reservation     0
#define XENMEM_decrease_reservation     1
#define XENMEM_populate_physmap         6

/* xen_memory_reservation.mem_flags: frames must be below 2^n bytes (0 anywhere) and on a node. */
#define XENMEMF_address_bits(x)         (x)
#define XENMEMF_get_address_bits(x)     ((x) & 0xffu)
#define XENMEMF_node(x)                 (((x) + 1) << 8)
#define XENMEMF_get_node(x)             ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand      (1 << 16)
#define XENMEMF_exact_node_request      (1 << 17) /* no other node will do */
#define XENMEMF_exact_node(n)           (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode                   (1 << 18) /* the node is the guest's virtual one */

/* Result: highest mfn of the host's RAM. arg ignored. Never fails. */
#define XENMEM_maximum_ram_page         2

/* IN struct xen_memory_domain. Result: frames owned / the limit / the highest pfn in use. */
#define XENMEM_current_reservation      3
#define XENMEM_maximum_reservation      4
#define XENMEM_maximum_gpfn             14

/* IN+OUT struct xen_machphys_mfn_list: frames of the M2P table, one mfn for each 2 MiB.
 *   EPERM  caller is not privileged */
#define XENMEM_machphys_mfn_list        5
/* The same for the table of 32-bit guests: an empty one. */
#define XENMEM_machphys_compat_mfn_list 25

/* OUT struct xen_machphys_mapping: where the guest sees the M2P table. */
#define XENMEM_machphys_mapping         12

/* IN struct xen_add_to_physmap. For a PV guest no pfn is mapped: shared_info and grant_table are
 * refused with EINVAL, gmfn with ENOSYS. */
#define XENMEM_add_to_physmap           7
#define XENMEM_add_to_physmap_batch     23
#define XENMEM_remove_from_physmap      15

/* xen_add_to_physmap.space */
#define XENMAPSPACE_shared_info         0
#define XENMAPSPACE_grant_table         1
#define XENMAPSPACE_gmfn                2
#define XENMAPSPACE_gmfn_range          3
#define XENMAPSPACE_gmfn_foreign        4
#define XENMAPSPACE_dev_mmio            5
#define XENMAPIDX_grant_table_status    0x80000000

/* IN+OUT struct xen_memory_map: the domain's own e820 map as set at its creation.
 *   ENOSYS  none was set */
#define XENMEM_memory_map               9
/* The same for the host's map. EPERM: not privileged. buffer 0: only count. */
#define XENMEM_machine_memory_map       10
/* IN struct xen_foreign_memory_map. E2BIG: too many entries. */
#define XENMEM_set_memory_map           13

/* IN+OUT struct xen_memory_exchange: trade frames for others, e.g. contiguous or low ones.
 *   EINVAL  fields inconsistent, or a frame is not the caller's or in use
 *   ENOMEM  no suitable frames; nr_exchanged tells what was done
 *   EPERM   extent_order too high for the caller */
#define XENMEM_exchange                 11

/* IN+OUT struct xen_pod_target; hardware-assisted guests only, else EINVAL. */
#define XENMEM_set_pod_target           16
#define XENMEM_get_pod_target           17

/* Result: frames saved by / in content sharing; 0. */
#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19

/* Not offered: ENOSYS. */
#define XENMEM_paging_op                20
#define XENMEM_access_op                21
#define XENMEM_sharing_op               22

/* Not offered: ENOSYS. A domain gets its frames when they are allocated, or an error then. */
#define XENMEM_claim_pages              24

/* IN+OUT struct xen_vnuma_topology_info. EOPNOTSUPP: the domain has none. */
#define XENMEM_get_vnumainfo            26

/* IN+OUT struct xen_reserved_device_memory_map. */
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_RDM_ALL                  1

/* IN+OUT struct xen_mem_acquire_resource: frames of ours that belong to a domain, for mapping.
 *   frame_list 0: nr_frames receives how many exist.
 *   EOPNOTSUPP  no such resource    EINVAL  range outside it    E2BIG  too many at once */
#define XENMEM_acquire_resource         28
#define XENMEM_resource_ioreq_server    0
#define XENMEM_resource_grant_table     1
#define XENMEM_resource_vmtrace_buf     2
#define XENMEM_resource_grant_table_id_shared   0
#define XENMEM_resource_grant_table_id_status   1
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))

#ifndef __ASSEMBLER__

struct xen_memory_reservation {
    uint64_t extent_start;      /* guest address of xen_pfn_t[nr_extents] */
    xen_ulong_t nr_extents;     /* IN */
    uint32_t extent_order;      /* IN */
    uint32_t mem_flags;         /* IN XENMEMF_* */
    domid_t domid;              /* IN */
};

struct xen_memory_exchange {
    struct xen_memory_reservation in;   /* IN  mfns to give up */
    struct xen_memory_reservation out;  /* IN  pfns, OUT mfns received; same domid, same total */
    xen_ulong_t nr_exchanged;   /* IN 0, OUT extents of `in` traded */
};

struct xen_memory_domain {
    domid_t domid;              /* IN */
};

struct xen_machphys_mfn_list {
    uint32_t max_extents;       /* IN  room in the array */
    uint64_t extent_start;      /* guest address of xen_pfn_t[]; OUT */
    uint32_t nr_extents;        /* OUT entries written */
};

struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end; /* OUT */
    xen_ulong_t max_mfn;        /* OUT highest mfn that may be looked up */
};

struct xen_add_to_physmap {
    domid_t domid;              /* IN */
    uint16_t size;              /* IN  frames, gmfn_range only */
    uint32_t space;             /* IN  XENMAPSPACE_* */
    xen_ulong_t idx;            /* IN  index in that space */
    xen_pfn_t gpfn;             /* IN  where it shall appear */
};

union xen_add_to_physmap_batch_extra {
    domid_t foreign_domid;      /* gmfn_foreign */
    uint16_t res0;              /* else 0 */
};

struct xen_add_to_physmap_batch {
    domid_t domid;              /* IN */
    uint16_t space;             /* IN  XENMAPSPACE_* */
    uint16_t size;              /* IN  entries */
    union xen_add_to_physmap_batch_extra u;
    uint64_t idxs;              /* guest address of xen_ulong_t[size]; IN */
    uint64_t gpfns;             /* guest address of xen_pfn_t[size]; IN */
    uint64_t errs;              /* guest address of int[size]; OUT */
};

struct xen_remove_from_physmap {
    domid_t domid;              /* IN */
    xen_pfn_t gpfn;             /* IN */
};

struct xen_memory_map {
    uint32_t nr_entries;        /* IN room, OUT entries stored or existing */
    uint64_t buffer;            /* guest address of 20-byte BIOS e820 entries */
};

struct xen_foreign_memory_map {
    domid_t domid;              /* IN */
    struct xen_memory_map map;  /* IN */
};

struct xen_pod_target {
    uint64_t target_pages;      /* IN */
    uint64_t tot_pages;         /* OUT */
    uint64_t pod_cache_pages;   /* OUT */
    uint64_t pod_entries;       /* OUT */
    domid_t domid;              /* IN */
};

struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    xen_ulong_t nr_pages;
};

struct xen_reserved_device_memory_map {
    uint32_t flags;             /* IN  XENMEM_RDM_ALL or 0 for dev */
    uint32_t nr_entries;        /* IN room, OUT entries existing */
    uint64_t buffer;            /* guest address of xen_reserved_device_memory[] */
    union {
        struct physdev_pci_device pci;
    } dev;
};

struct xen_mem_acquire_resource {
    domid_t domid;              /* IN */
    uint16_t type;              /* IN  XENMEM_resource_* */
    uint32_t id;                /* IN  which one of that type */
    uint32_t nr_frames;         /* IN+OUT */
    uint32_t pad;               /* 0 */
    uint64_t frame;             /* IN  first frame within the resource */
    uint64_t frame_list;        /* guest address of xen_pfn_t[nr_frames]; OUT mfns */
};

struct xen_vmemrange {
    uint64_t start, end;        /* guest-physical, end exclusive */
    uint32_t flags;             /* 0 */
    uint32_t nid;               /* virtual node */
};

struct xen_vnuma_topology_info {
    domid_t domid;              /* IN */
    uint16_t pad;               /* 0 */
    uint32_t nr_vnodes;         /* IN room, OUT existing */
    uint32_t nr_vcpus;
    uint32_t nr_vmemranges;
    union {
        uint64_t h;             /* guest address of uint32_t[nr_vnodes * nr_vnodes] */
        uint64_t pad;
    } vdistance;
    union {
        uint64_t h;             /* guest address of uint32_t[nr_vcpus] */
        uint64_t pad;
    } vcpu_to_vnode;
    union {
        uint64_t h;             /* guest address of xen_vmemrange[nr_vmemranges] */
        uint64_t pad;
    } vmemrange;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_MEMORY_H */
