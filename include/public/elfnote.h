/* SPDX-License-Identifier: MIT */
/*
 * ELF notes by which a kernel image tells a domain builder how to load and enter it.
 *
 * Notes have owner name "Xen". "num" is a 4- or 8-byte integer, "str" a NUL-terminated string.
 */
#ifndef PUBLIC_ELFNOTE_H
#define PUBLIC_ELFNOTE_H

#define XEN_ELFNOTE_INFO                0  /* str  free text */
#define XEN_ELFNOTE_ENTRY               1  /* num  virtual address of the PV entry point */
#define XEN_ELFNOTE_HYPERCALL_PAGE      2  /* num  virtual address of the page to fill with stubs */
#define XEN_ELFNOTE_VIRT_BASE           3  /* num  virtual address at which pfn 0 is mapped */
#define XEN_ELFNOTE_PADDR_OFFSET        4  /* num  subtract from segments' physical addresses */
#define XEN_ELFNOTE_XEN_VERSION         5  /* str  "xen-3.0", the interface wanted */
#define XEN_ELFNOTE_GUEST_OS            6  /* str  name */
#define XEN_ELFNOTE_GUEST_VERSION       7  /* str  version */
#define XEN_ELFNOTE_LOADER              8  /* str  "generic" */
#define XEN_ELFNOTE_PAE_MODE            9  /* str  32-bit kernels */
#define XEN_ELFNOTE_FEATURES            10 /* str  feature names, see public/features.h */
#define XEN_ELFNOTE_BSD_SYMTAB          11 /* num  1: load the symbol table after the image */
#define XEN_ELFNOTE_HV_START_LOW        12 /* num  lowest address the hypervisor may use */
#define XEN_ELFNOTE_L1_MFN_VALID        13 /* pairs (mask, value): how a valid pte looks */
#define XEN_ELFNOTE_SUSPEND_CANCEL      14 /* num  1: understands a cancelled suspension */
#define XEN_ELFNOTE_INIT_P2M            15 /* num  virtual address at which to map the mfn list,
                                            * instead of within the bootstrap region */
#define XEN_ELFNOTE_MOD_START_PFN       16 /* num  1: understands SIF_MOD_START_PFN */
#define XEN_ELFNOTE_SUPPORTED_FEATURES  17 /* num  bitmap of XENFEAT_* the kernel can bear */
#define XEN_ELFNOTE_PHYS32_ENTRY        18 /* num  physical entry point, hardware-assisted guests */
#define XEN_ELFNOTE_MAX                 XEN_ELFNOTE_PHYS32_ENTRY

/* Notes in crash dumps. */
#define XEN_ELFNOTE_CRASH_INFO              0x1000001
#define XEN_ELFNOTE_CRASH_REGS              0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif /* PUBLIC_ELFNOTE_H */
