/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op(uint32_t cmd, guest address list, uint32_t count): sharing frames by consent.
 *
 * A domain offers a frame to one other domain by filling an entry of its own grant table; the
 * index (grant reference) is passed out of band, and the other domain maps or copies it. Version 1
 * entries are what we offer; version 2 exists in the ABI and GNTTABOP_set_version refuses it.
 *
 * Two error layers: the call's result is 0, EFAULT, ENOSYS, EINVAL; and each list element has a
 * status GNTST_*. An element's failure does not stop the list.
 */
#ifndef PUBLIC_GRANT_TABLE_H
#define PUBLIC_GRANT_TABLE_H

#include "types.h"

/*
 * To grant: write domid and frame, then (after a write barrier) flags.
 * To revoke: flags must go to 0 by compare-and-exchange from a value without reading and writing;
 * while either is set somebody has the frame mapped.
 */
#define GTF_invalid             (xen_mk_uint(0) << 0) /* unused entry */
#define GTF_permit_access       (xen_mk_uint(1) << 0) /* domid may map and copy frame */
#define GTF_accept_transfer     (xen_mk_uint(2) << 0) /* domid may give us a frame */
#define GTF_transitive          (xen_mk_uint(3) << 0) /* version 2: refers to another's grant */
#define GTF_type_mask           (xen_mk_uint(3) << 0)

/* With GTF_permit_access */
#define _GTF_readonly           2
#define GTF_readonly            (xen_mk_uint(1) << _GTF_readonly) /* IN  no writable use */
#define _GTF_reading            3
#define GTF_reading             (xen_mk_uint(1) << _GTF_reading)  /* OUT in use */
#define _GTF_writing            4
#define GTF_writing             (xen_mk_uint(1) << _GTF_writing)  /* OUT in use for writing */
#define _GTF_PWT                5
#define GTF_PWT                 (xen_mk_uint(1) << _GTF_PWT)      /* IN  cache attribute bits */
#define _GTF_PCD                6
#define GTF_PCD                 (xen_mk_uint(1) << _GTF_PCD)
#define _GTF_PAT                7
#define GTF_PAT                 (xen_mk_uint(1) << _GTF_PAT)
#define _GTF_sub_page           8
#define GTF_sub_page            (xen_mk_uint(1) << _GTF_sub_page) /* version 2: copy of a part */

/* With GTF_accept_transfer */
#define _GTF_transfer_committed 2
#define GTF_transfer_committed  (xen_mk_uint(1) << _GTF_transfer_committed) /* OUT on its way */
#define _GTF_transfer_completed 3
#define GTF_transfer_completed  (xen_mk_uint(1) << _GTF_transfer_completed) /* OUT frame holds it */

/* First entries are the toolstack's. */
#define GNTTAB_NR_RESERVED_ENTRIES  8
#define GNTTAB_RESERVED_CONSOLE     0
#define GNTTAB_RESERVED_XENSTORE    1

/*
 * map_grant_ref / unmap_grant_ref: create or destroy a mapping.
 * Mapping into a PV guest writes one level-1 entry: the one that maps host_addr, or with
 * GNTMAP_contains_pte the one at machine address host_addr. Unmapping must name the same place, as
 * it clears that entry; a handle is then free for reuse. A frame stays with its owner while any
 * mapping lives, even if the owner dies.
 *   GNTST_bad_domain, _bad_gntref, _permission_denied (not granted to the caller, or read-only)
 *   GNTST_bad_virt_addr  host_addr has no level-1 table or entry of the caller's
 *   GNTST_bad_handle (unmap), GNTST_no_device_space, GNTST_no_space (maptrack full), GNTST_eagain
 */
#define GNTTABOP_map_grant_ref      0
#define GNTTABOP_unmap_grant_ref    1
/* Grow the caller's table to nr_frames and list its frames. count must be 1.
 *   GNTST_general_error  more than the domain's limit, or no memory */
#define GNTTABOP_setup_table        2
/* Print a table to the hypervisor's log. Privileged. */
#define GNTTABOP_dump_table         3
/* Give a frame to a domain that accepts one. */
#define GNTTABOP_transfer           4
/* Copy bytes between two frames, each named by a grant or (own) frame number, within one page each.
 *   GNTST_bad_copy_arg  crosses a page    others as for mapping, and GNTST_bad_page */
#define GNTTABOP_copy               5
/* Report a table's size and limit. */
#define GNTTABOP_query_size         6
/* Unmap, moving the mapping of new_addr to host_addr in one step. */
#define GNTTABOP_unmap_and_replace  7
/* IN+OUT gnttab_set_version. 1 is accepted; 2 is refused with ENOSYS; others EINVAL. EBUSY: entries
 * are in use. */
#define GNTTABOP_set_version        8
/* Version 2 only: GNTST_general_error. */
#define GNTTABOP_get_status_frames  9
/* OUT version: 1. EPERM, ESRCH about dom as the call's result. */
#define GNTTABOP_get_version        10
/* Exchange two entries of the caller's table. GNTST_eagain: one is in use. */
#define GNTTABOP_swap_grant_ref     11
/* Clean or invalidate caches for a page. */
#define GNTTABOP_cache_flush        12

/* gnttab_map_grant_ref.flags */
#define _GNTMAP_device_map          0
#define GNTMAP_device_map           (1 << _GNTMAP_device_map)   /* OUT dev_bus_addr for DMA */
#define _GNTMAP_host_map            1
#define GNTMAP_host_map             (1 << _GNTMAP_host_map)     /* map for the cpu */
#define _GNTMAP_readonly            2
#define GNTMAP_readonly             (1 << _GNTMAP_readonly)
#define _GNTMAP_application_map     3
#define GNTMAP_application_map      (1 << _GNTMAP_application_map) /* user mode may access it */
#define _GNTMAP_contains_pte        4
#define GNTMAP_contains_pte         (1 << _GNTMAP_contains_pte) /* host_addr names a pte */
/* Bits 16 up: stored in the pte's bits available to software (three of them). */
#define _GNTMAP_guest_avail0        16
#define GNTMAP_guest_avail_mask     xen_mk_uint(0xffff0000)

/* gnttab_copy.flags: this side is named by a grant reference, else by a frame number. */
#define _GNTCOPY_source_gref        0
#define GNTCOPY_source_gref         (1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref          1
#define GNTCOPY_dest_gref           (1 << _GNTCOPY_dest_gref)

/* gnttab_cache_flush.op */
#define GNTTAB_CACHE_CLEAN          (xen_mk_uint(1) << 0)
#define GNTTAB_CACHE_INVAL          (xen_mk_uint(1) << 1)
#define GNTTAB_CACHE_SOURCE_GREF    (xen_mk_uint(1) << 31)

/* Element status. */
#define GNTST_okay                  (0)
#define GNTST_general_error         (-1)  /* anything without a better name */
#define GNTST_bad_domain            (-2)  /* domid names nobody */
#define GNTST_bad_gntref            (-3)  /* reference out of range or entry not valid */
#define GNTST_bad_handle            (-4)  /* no such mapping of the caller's */
#define GNTST_bad_virt_addr         (-5)  /* cannot map there */
#define GNTST_bad_dev_addr          (-6)  /* dev_bus_addr is not the mapping's */
#define GNTST_no_device_space       (-7)  /* no I/O address space left */
#define GNTST_permission_denied     (-8)  /* not granted to the caller in that way */
#define GNTST_bad_page              (-9)  /* frame does not exist or is unsuitable */
#define GNTST_bad_copy_arg          (-10) /* offset and length leave the page */
#define GNTST_address_too_big       (-11) /* receiver cannot address the frame */
#define GNTST_eagain                (-12) /* try again */
#define GNTST_no_space              (-13) /* a table is full */

#ifndef __ASSEMBLER__

typedef uint16_t grant_status_t;

/* Version 1 entry; 512 in a frame of the table. */
struct grant_entry_v1 {
    uint16_t flags;             /* GTF_* */
    domid_t domid;              /* whom it is granted to */
    uint32_t frame;             /* the granted frame: an mfn for a PV guest */
};

struct grant_entry_header {
    uint16_t flags;
    domid_t domid;
};

union grant_entry_v2 {
    struct grant_entry_header hdr;
    struct {
        struct grant_entry_header hdr;
        uint32_t pad0;
        uint64_t frame;
    } full_page;
    struct {
        struct grant_entry_header hdr;
        uint16_t page_off;
        uint16_t length;
        uint64_t frame;
    } sub_page;
    struct {
        struct grant_entry_header hdr;
        domid_t trans_domid;
        uint16_t pad0;
        grant_ref_t gref;
    } transitive;
    uint32_t __spacer[4];
};

struct gnttab_map_grant_ref {
    uint64_t host_addr;         /* IN  virtual address, or machine address of a pte */
    uint32_t flags;             /* IN  GNTMAP_* */
    grant_ref_t ref;            /* IN */
    domid_t dom;                /* IN  who granted */
    int16_t status;             /* OUT GNTST_* */
    grant_handle_t handle;      /* OUT */
    uint64_t dev_bus_addr;      /* OUT machine address of the frame */
};

struct gnttab_unmap_grant_ref {
    uint64_t host_addr;         /* IN  as mapped; 0 leaves the cpu mapping */
    uint64_t dev_bus_addr;      /* IN  as returned; 0 leaves the device mapping */
    grant_handle_t handle;      /* IN */
    int16_t status;             /* OUT */
};

struct gnttab_setup_table {
    domid_t dom;                /* IN  DOMID_SELF, or any for a privileged caller */
    uint32_t nr_frames;         /* IN */
    int16_t status;             /* OUT */
    uint64_t frame_list;        /* guest address of xen_pfn_t[nr_frames]; OUT mfns */
};

struct gnttab_dump_table {
    domid_t dom;                /* IN */
    int16_t status;             /* OUT */
};

struct gnttab_transfer {
    xen_pfn_t mfn;              /* IN */
    domid_t domid;              /* IN */
    grant_ref_t ref;            /* IN */
    int16_t status;             /* OUT */
};

struct gnttab_copy_ptr {
    union {
        grant_ref_t ref;
        xen_pfn_t gmfn;
    } u;
    domid_t domid;              /* who granted, or DOMID_SELF with gmfn */
    uint16_t offset;            /* byte in the page */
};

struct gnttab_copy {
    struct gnttab_copy_ptr source, dest; /* IN */
    uint16_t len;               /* IN  bytes */
    uint16_t flags;             /* IN  GNTCOPY_* */
    int16_t status;             /* OUT */
};

struct gnttab_query_size {
    domid_t dom;                /* IN */
    uint32_t nr_frames;         /* OUT */
    uint32_t max_nr_frames;     /* OUT */
    int16_t status;             /* OUT */
};

struct gnttab_unmap_and_replace {
    uint64_t host_addr;         /* IN */
    uint64_t new_addr;          /* IN */
    grant_handle_t handle;      /* IN */
    int16_t status;             /* OUT */
};

struct gnttab_set_version {
    uint32_t version;           /* IN+OUT OUT the version in force */
};

struct gnttab_get_status_frames {
    uint32_t nr_frames;         /* IN */
    domid_t dom;                /* IN */
    int16_t status;             /* OUT */
    uint64_t frame_list;        /* guest address of uint64_t[nr_frames]; OUT */
};

struct gnttab_get_version {
    domid_t dom;                /* IN */
    uint16_t pad;
    uint32_t version;           /* OUT */
};

struct gnttab_swap_grant_ref {
    grant_ref_t ref_a;          /* IN */
    grant_ref_t ref_b;          /* IN */
    int16_t status;             /* OUT */
};

struct gnttab_cache_flush {
    union {
        uint64_t dev_bus_addr;
        grant_ref_t ref;
    } a;                        /* IN */
    uint16_t offset;            /* IN */
    uint16_t length;            /* IN */
    uint32_t op;                /* IN  GNTTAB_CACHE_* */
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_GRANT_TABLE_H */
