/* SPDX-License-Identifier: MIT */
/* Where everything of a new guest lies in its pseudo-physical and virtual memory. */
#ifndef PARADOR_BUILD_LAYOUT_H
#define PARADOR_BUILD_LAYOUT_H

#include "build/elf.h"

#define LAYOUT_FRAME_SIZE ((uint64_t)4096)

/** A range of virtual addresses, the frames it shows and the page tables that map it. */
struct layout_map {
    uint64_t start, end;       /* virtual, multiples of the frame size */
    uint64_t pfn;              /* shown at start; following pages show following pfns */
    uint64_t table_pfn;        /* first table: all L3, then all L2, then all L1 */
    uint64_t nr_l3, nr_l2, nr_l1;
};

/** The plan of a guest; all pfns are below nr_pages. */
struct layout {
    uint64_t nr_pages;
    uint64_t kernel_pfn, kernel_pages;
    uint64_t initrd_pfn, initrd_pages, initrd_size;
    bool initrd_mapped;
    uint64_t p2m_pfn, p2m_pages;   /* the list itself */
    uint64_t p2m_tables;           /* frames that follow it and map it (0: in the bootstrap map) */
    uint64_t p2m_virt;
    uint64_t start_info_pfn, store_pfn, console_pfn;
    uint64_t l4_pfn;
    uint64_t nr_pt_frames;         /* L4 and the tables of the bootstrap map */
    uint64_t stack_pfn;
    struct layout_map boot;        /* the bootstrap map */
    struct layout_map p2m;         /* the P2M's own map; start == end: none */
};

/**
 * Plans a guest of memory_kib KiB. ENOMEM with a sentence if that is not enough for this kernel and
 * initrd; ENOEXEC if the kernel asks for addresses that it cannot have.
 */
int layout_plan(struct parador_handle *h, const struct elf_kernel *kernel, uint64_t memory_kib,
                uint64_t initrd_size, struct layout *layout);

/** Virtual address of a pfn in the bootstrap map. */
uint64_t layout_virt(const struct layout *layout, uint64_t pfn);

#endif
