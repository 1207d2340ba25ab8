/* SPDX-License-Identifier: MIT */
/*
 * The page a PV guest finds in rsi when its first instruction runs, and what surrounds it.
 *
 * State at entry: rip as XEN_ELFNOTE_ENTRY says, rsi the virtual address of struct start_info, rsp
 * the top of a one-page boot stack, flat segments (public/trap.h), interrupts enabled but upcalls
 * masked. The bootstrap region is mapped contiguously from virt_base and holds, in order: kernel
 * image; initial ramdisk (unless SIF_MOD_START_PFN); list of mfns, one 8-byte entry for each pfn;
 * start_info; xenstore and console pages (not for dom0); page tables; boot stack; then at least
 * 512 KiB of free mapped space up to a multiple of 4 MiB.
 */
#ifndef PUBLIC_START_INFO_H
#define PUBLIC_START_INFO_H

#include "types.h"

/* start_info.flags */
#define SIF_PRIVILEGED      (1 << 0)    /* may use privileged hypercalls */
#define SIF_INITDOMAIN      (1 << 1)    /* is dom0 */
#define SIF_MULTIBOOT_MOD   (1 << 2)    /* mod_start is an array of xen_multiboot_mod_list */
#define SIF_MOD_START_PFN   (1 << 3)    /* mod_start is a pfn: the ramdisk is not mapped */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)    /* tools understand arch_shared_info.p2m_vaddr */
#define SIF_PM_MASK         (0xFF << 8) /* power management hints for dom0 */

#define MAX_GUEST_CMDLINE   1024

/* xen_vga_console_info.video_type */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70

/* hvm_start_info.magic, "xEn3" with bit 7 of the E set */
#define XEN_HVM_START_MAGIC_VALUE    0x336ec578

/* hvm_memmap_table_entry.type, as ACPI numbers them */
#define XEN_HVM_MEMMAP_TYPE_RAM      1
#define XEN_HVM_MEMMAP_TYPE_RESERVED 2
#define XEN_HVM_MEMMAP_TYPE_ACPI     3
#define XEN_HVM_MEMMAP_TYPE_NVS      4
#define XEN_HVM_MEMMAP_TYPE_UNUSABLE 5
#define XEN_HVM_MEMMAP_TYPE_DISABLED 6
#define XEN_HVM_MEMMAP_TYPE_PMEM     7

#ifndef __ASSEMBLER__

/* All OUT. Virtual addresses are in the bootstrap mapping. */
struct start_info {
    char magic[32];             /* "xen-3.0-x86_64", NUL-terminated */
    uint64_t nr_pages;          /* frames the domain owns; pfns 0 .. nr_pages - 1 */
    uint64_t shared_info;       /* machine address of struct shared_info's page */
    uint32_t flags;             /* SIF_* */
    xen_pfn_t store_mfn;        /* xenstore ring page; dom0: 0 */
    uint32_t store_evtchn;      /* local port of the xenstore channel; dom0: 0 */
    union {
        struct {
            xen_pfn_t mfn;      /* console ring page */
            uint32_t evtchn;    /* local port of the console channel */
        } domU;
        struct {
            uint32_t info_off;  /* offset of xen_vga_console_info from start_info; 0 none */
            uint32_t info_size; /* its bytes; 0 none */
        } dom0;
    } console;
    uint64_t pt_base;           /* virtual address of the root page table */
    uint64_t nr_pt_frames;      /* bootstrap page-table frames, contiguous from pt_base */
    uint64_t mfn_list;          /* virtual address of the list of mfns */
    uint64_t mod_start;         /* ramdisk: virtual address, pfn or list, see SIF_MOD_*; 0 none */
    uint64_t mod_len;           /* ramdisk bytes */
    int8_t cmd_line[MAX_GUEST_CMDLINE]; /* NUL-terminated */
    uint64_t first_p2m_pfn;     /* if the kernel chose XEN_ELFNOTE_INIT_P2M: the list's first pfn */
    uint64_t nr_p2m_frames;     /* and its frames */
};

/* One module when SIF_MULTIBOOT_MOD is set; addresses are guest-physical. */
struct xen_multiboot_mod_list {
    uint32_t mod_start;
    uint32_t mod_end;
    uint32_t cmdline;
    uint32_t pad;
};

/* Dom0 only: the screen as firmware and boot loader left it. */
struct dom0_vga_console_info {
    uint8_t video_type;         /* XEN_VGATYPE_* */
    union {
        struct {
            uint16_t font_height;
            uint16_t cursor_x, cursor_y;
            uint16_t rows, columns;
        } text_mode_3;
        struct {
            uint16_t width, height;
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base;
            uint32_t lfb_size;      /* in 64 KiB units */
            uint8_t red_pos, red_size;
            uint8_t green_pos, green_size;
            uint8_t blue_pos, blue_size;
            uint8_t rsvd_pos, rsvd_size;
            uint32_t gbl_caps;
            uint16_t mode_attrs;
            uint16_t pad;
            uint32_t ext_lfb_base;  /* high half of lfb_base */
        } vesa_lfb;
    } u;
};

/* What a directly booted hardware-assisted guest finds at the address in ebx. */
struct hvm_start_info {
    uint32_t magic;             /* XEN_HVM_START_MAGIC_VALUE */
    uint32_t version;           /* 1 */
    uint32_t flags;             /* SIF_* */
    uint32_t nr_modules;
    uint64_t modlist_paddr;     /* array of hvm_modlist_entry */
    uint64_t cmdline_paddr;     /* NUL-terminated */
    uint64_t rsdp_paddr;        /* ACPI root pointer, 0 none */
    uint64_t memmap_paddr;      /* array of hvm_memmap_table_entry */
    uint32_t memmap_entries;    /* 0: no memory map */
    uint32_t reserved;
};

struct hvm_modlist_entry {
    uint64_t paddr;
    uint64_t size;
    uint64_t cmdline_paddr;
    uint64_t reserved;
};

struct hvm_memmap_table_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type;              /* XEN_HVM_MEMMAP_TYPE_* */
    uint32_t reserved;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_START_INFO_H */
