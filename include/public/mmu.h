/* SPDX-License-Identifier: MIT */
/*
 * Direct paging: updating, pinning and switching a PV guest's own page tables.
 *
 * A frame is at any moment one of: writable data, page table of level 1-4, descriptor table; which
 * one is its type, held as long as anything uses it as such. Page-table frames are mapped read-only
 * in the guest, and every change to a live one goes through these calls (or is trapped and
 * emulated). Entries hold machine frame numbers of frames the guest owns, has been granted, or (if
 * privileged) of device memory. Present entries must have no reserved bit set, and in levels 2 to 4
 * not the large-page bit; L4 slots 256-271 are the hypervisor's and are filled in by it.
 *
 * To make a new address space: fill frames with entries as ordinary memory; remove or write-protect
 * every mapping of those frames; point upper levels at lower ones; pin the root (this validates the
 * whole tree); load it. Unpin a root that is no longer loaded to get its frames back as memory.
 *
 * Cache attributes: the PAT bits of an entry (7, 4, 3 in level 1) index this table, which is the
 * same for every guest: 0 WB, 1 WT, 2 UC-, 3 UC, 4 WC, 5 WP, 6 and 7 UC. Guest memory may be mapped
 * with another type than write-back.
 */
#ifndef PUBLIC_MMU_H
#define PUBLIC_MMU_H

#include "types.h"

/* Virtual addresses that belong to the hypervisor; L4 slots 256 to 271. */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define HYPERVISOR_VIRT_START   xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END     xen_mk_ulong(__HYPERVISOR_VIRT_END)

/* The machine-to-phys table: uint64_t pfn for each mfn, readable by every guest. */
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000
#define MACH2PHYS_VIRT_START    xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END      xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES    ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

/* A frame number as it appears in cr3 and back. */
#define xen_pfn_to_cr3(pfn)     ((xen_ulong_t)(pfn) << 12)
#define xen_cr3_to_pfn(cr3)     ((xen_ulong_t)(cr3) >> 12)

/*
 * mmu_update(guest address of mmu_update[], uint32_t count, guest address of uint32_t done,
 *            uint32_t foreigndom)
 * Performs requests in order until one fails. done (may be 0) receives how many succeeded.
 * foreigndom: bits 0-15 whose frames may be mapped (DOMID_SELF, DOMID_IO, or a domain the caller
 * controls); bits 16-31 one more than the domid whose page tables are changed, 0 the caller.
 *   EINVAL  an entry, frame or request that is not permitted
 *   EPERM   foreigndom may not be accessed
 *   ESRCH   no such domain
 *   ENOMEM  out of memory while validating
 *   EBUSY   a frame is in use with another type
 */

/* Low two bits of mmu_update.ptr */
#define MMU_NORMAL_PT_UPDATE        0 /* write val to the page-table entry at machine address ptr */
#define MMU_MACHPHYS_UPDATE         1 /* set the M2P entry of frame ptr >> 12 to pfn val */
#define MMU_PT_UPDATE_PRESERVE_AD   2 /* like 0, keeping the entry's accessed and dirty bits */
#define MMU_PT_UPDATE_NO_TRANSLATE  3 /* like 0 for a PV guest */

/*
 * mmuext_op(guest address of mmuext_op[], uint32_t count, guest address of uint32_t done,
 *           uint32_t foreigndom)
 * As mmu_update: in order, stops at the first failure. foreigndom is the domain whose frames are
 * pinned or unpinned; all else acts on the caller.
 */

/* IN arg1.mfn. Keep the frame typed as page table of that level though unused.
 *   EINVAL  not a well-formed table, not the owner's frame, or pinned already; EBUSY in use */
#define MMUEXT_PIN_L1_TABLE         0
#define MMUEXT_PIN_L2_TABLE         1
#define MMUEXT_PIN_L3_TABLE         2
#define MMUEXT_PIN_L4_TABLE         3
/* IN arg1.mfn. Undo a pin. EINVAL: not pinned. */
#define MMUEXT_UNPIN_TABLE          4
/* IN arg1.mfn. Load the kernel-mode root. EINVAL: not a valid L4 table; the old one stays. */
#define MMUEXT_NEW_BASEPTR          5
/* Flush this vcpu's TLB. Never fails. */
#define MMUEXT_TLB_FLUSH_LOCAL      6
/* IN arg1.linear_addr. Flush one address from this vcpu's TLB. */
#define MMUEXT_INVLPG_LOCAL         7
/* IN arg2.vcpumask, guest address of a bitmap of the domain's vcpus. Flush theirs. */
#define MMUEXT_TLB_FLUSH_MULTI      8
/* IN arg1.linear_addr, arg2.vcpumask. */
#define MMUEXT_INVLPG_MULTI         9
/* Flush every vcpu of the domain. */
#define MMUEXT_TLB_FLUSH_ALL        10
/* IN arg1.linear_addr. */
#define MMUEXT_INVLPG_ALL           11
/* Write back and invalidate caches. EPERM: the domain has no device. */
#define MMUEXT_FLUSH_CACHE          12
/* IN arg1.linear_addr (page aligned), arg2.nr_ents (at most 8192). Load LDT; 0 entries: none.
 *   EINVAL  misaligned, too long or outside the guest's range. Frames are checked on use. */
#define MMUEXT_SET_LDT              13
/* IN arg1.mfn. Load the user-mode root; 0 removes it. EINVAL: not a valid L4 table. */
#define MMUEXT_NEW_USER_BASEPTR     15
/* IN arg1.mfn: zero the frame. EINVAL: not a writable frame of foreigndom. */
#define MMUEXT_CLEAR_PAGE           16
/* IN arg1.mfn destination, arg2.src_mfn source. */
#define MMUEXT_COPY_PAGE            17
/* Write back and invalidate caches of all cpus. EINVAL: not privileged. */
#define MMUEXT_FLUSH_CACHE_GLOBAL   18
/* IN arg1.mfn. Superpages are not offered: EOPNOTSUPP. */
#define MMUEXT_MARK_SUPER           19
#define MMUEXT_UNMARK_SUPER         20

/*
 * update_va_mapping(uint64_t va, uint64_t pte, uint64_t flags)
 * update_va_mapping_otherdomain(uint64_t va, uint64_t pte, uint64_t flags, domid_t domid)
 * Writes the level-1 entry that maps va in the current address space, then flushes. The second
 * form may map frames of domid.
 *   EINVAL  no level-1 table for va, or an entry not permitted
 *   EPERM, ESRCH  about domid
 * flags: one of the first three, or'd with UVMF_LOCAL, UVMF_ALL, or the guest address (8-aligned)
 * of a bitmap of the domain's vcpus to flush.
 */
#define UVMF_NONE           (xen_mk_ulong(0) << 0)
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1) << 0)
#define UVMF_INVLPG         (xen_mk_ulong(2) << 0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI          (xen_mk_ulong(0) << 2)
#define UVMF_LOCAL          (xen_mk_ulong(0) << 2)
#define UVMF_ALL            (xen_mk_ulong(1) << 2)

/*
 * vm_assist(uint32_t cmd, uint32_t type)
 * Switches a way in which the hypervisor eases a guest's life, for the whole domain.
 *   ENOSYS  unknown cmd    EINVAL  unknown or unoffered type
 */
#define VMASST_CMD_enable                   0
#define VMASST_CMD_disable                  1

#define VMASST_TYPE_4gb_segments            0 /* 32-bit guests; accepted without effect */
#define VMASST_TYPE_4gb_segments_notify     1 /* 32-bit guests; accepted without effect */
/* Guest writes to its level-1 tables trap and are emulated instead of faulting in the guest. */
#define VMASST_TYPE_writable_pagetables     2
#define VMASST_TYPE_pae_extended_cr3        3 /* 32-bit guests; accepted without effect */
/* IOPL lives in the guest's rflags instead of PHYSDEVOP_set_iopl. */
#define VMASST_TYPE_architectural_iopl      4
/* Set XEN_RUNSTATE_UPDATE in a registered runstate area while we write it. */
#define VMASST_TYPE_runstate_update_flag    5
/* Hide the M2P table from user mode. */
#define VMASST_TYPE_m2p_strict              32

/*
 * set_segment_base(int which, uint64_t base)
 *   EINVAL  which is unknown, or base is not canonical
 */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3 /* load user gs with selector base & 0xffff; a bad one loads 0 */

#ifndef __ASSEMBLER__

struct mmu_update {
    uint64_t ptr;           /* IN machine address, 8-aligned, | MMU_* */
    uint64_t val;           /* IN */
};

struct mmuext_op {
    uint32_t cmd;           /* IN MMUEXT_* */
    union {
        xen_pfn_t mfn;
        uint64_t linear_addr;
    } arg1;
    union {
        uint32_t nr_ents;
        uint64_t vcpumask;  /* guest address */
        xen_pfn_t src_mfn;
    } arg2;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_MMU_H */
