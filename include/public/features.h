/* SPDX-License-Identifier: MIT */
/*
 * Feature bits: what a kernel image asks for or can bear (ELF notes), and what the hypervisor
 * reports for the running guest (XENVER_get_features, submap 0).
 *
 * In the textual ELF note XEN_ELFNOTE_FEATURES the names are these, in lower case, joined by '|';
 * a leading '!' marks a feature without which the kernel cannot run.
 */
#ifndef PUBLIC_FEATURES_H
#define PUBLIC_FEATURES_H

/* Page-table pages need not be read-only for the guest before they are used. Never reported. */
#define XENFEAT_writable_page_tables        0
/* Descriptor-table pages need not be read-only. Never reported. */
#define XENFEAT_writable_descriptor_tables  1
/* The guest sees gfns and the hypervisor translates. Never reported to a PV guest. */
#define XENFEAT_auto_translated_physmap     2
/* The kernel may run in ring 0. Never reported. */
#define XENFEAT_supervisor_mode_kernel      3
/* 32-bit guests: root tables may be anywhere. Reported, and without meaning for 64-bit guests. */
#define XENFEAT_pae_pgdir_above_4gb         4
/* MMU_PT_UPDATE_PRESERVE_AD works. */
#define XENFEAT_mmu_pt_update_preserve_ad   5
/* 32-bit guests: MMUEXT clear/copy page for high memory. */
#define XENFEAT_highmem_assist              6
/* GNTMAP_guest_avail bits are stored in the pte of a grant mapping. */
#define XENFEAT_gnttab_map_avail_bits       7
/* Hardware-assisted guests: events by a vector. */
#define XENFEAT_hvm_callback_vector         8
/* Hardware-assisted guests: the pv clock is safe. */
#define XENFEAT_hvm_safe_pvclock            9
/* Hardware-assisted guests: pirqs. */
#define XENFEAT_hvm_pirqs                   10
/* As asked for by a kernel: can be dom0. As reported: this guest is dom0. */
#define XENFEAT_dom0                        11
/* memory_op accepts XENMEMF_vnode. */
#define XENFEAT_memory_op_vnode_supported   13
/* Other architectures. */
#define XENFEAT_ARM_SMCCC_supported         14
/* The RSDP may be anywhere; hardware-assisted Linux. */
#define XENFEAT_linux_rsdp_unrestricted     15
/* Guest frame numbers are not machine frame numbers: the case of every PV guest. */
#define XENFEAT_not_direct_mapped           16
#define XENFEAT_direct_mapped               17

/* 32-bit words of feature bits that exist. */
#define XENFEAT_NR_SUBMAPS                  1

#endif /* PUBLIC_FEATURES_H */
