/* SPDX-License-Identifier: MIT */
/* The hypervisor's virtual address map: L4 slots 256-271, which the ABI reserves for it. */
#ifndef HW_LAYOUT_H
#define HW_LAYOUT_H

#include "config.h"

/*
 *  slot  start               what                                          who may read it
 *  256   0xffff800000000000  machine-to-phys table, read-only              guests (the ABI says so)
 *  257   0xffff808000000000  machine-to-phys table, writable alias         hypervisor
 *  258   0xffff810000000000  frame table (struct page_info per frame)      hypervisor
 *  259   0xffff818000000000  dynamic mappings: MMIO, ACPI tables           hypervisor
 *  260   0xffff820000000000  per-CPU areas: stacks, descriptor windows     hypervisor
 *  261   0xffff828000000000  text, data, bss                               hypervisor
 *  262   0xffff830000000000  direct map of all RAM (to slot 271, 5 TiB)    hypervisor
 *
 * The L3 tables behind these slots are made at boot and shared by every L4, so a new top-level
 * table needs sixteen stores and nothing in our half ever has to be synchronised.
 */
#define PAGE_SHIFT 12
#define PAGE_SIZE 0x1000
#define L2_PAGE_SHIFT 21
#define L3_PAGE_SHIFT 30
#define L4_SLOT_SHIFT 39
#define PT_ENTRIES 512

#define HV_FIRST_SLOT 256
#define HV_LAST_SLOT 271

#ifdef __ASSEMBLER__
#define UL(x) x
#else
#define UL(x) x##UL
#endif

#define HV_VIRT_START UL(0xffff800000000000)
#define HV_VIRT_END UL(0xffff880000000000)
#define M2P_VIRT UL(0xffff800000000000)
#define M2P_RW_VIRT UL(0xffff808000000000)
#define FRAME_TABLE_VIRT UL(0xffff810000000000)
#define DYNMAP_VIRT UL(0xffff818000000000)
#define PERCPU_VIRT UL(0xffff820000000000)
#define TEXT_VIRT UL(0xffff828000000000)
#define DIRECT_VIRT UL(0xffff830000000000)
#define DIRECT_END UL(0xffff880000000000)

#ifdef HOST_TEST
/* Unit tests are programs of the lower half: the tables that they stand in for move there. */
#undef M2P_RW_VIRT
#undef FRAME_TABLE_VIRT
#undef DIRECT_VIRT
#undef DIRECT_END
#define M2P_RW_VIRT UL(0x200000000000)
#define FRAME_TABLE_VIRT UL(0x210000000000)
#define DIRECT_VIRT UL(0x220000000000)
#define DIRECT_END UL(0x230000000000)
#endif

/*
 * One CPU's area, 1 MiB apart (the first block of each area is a hole):
 *   +0x10000  stack block, STACK_BLOCK_SIZE, aligned to its size
 *   +0x20000  GDT window: 16 pages, the guest's 14 and then ours (FIRST_RESERVED_GDT_ENTRY up)
 *   +0x30000  LDT window: 16 pages
 */
#define PERCPU_AREA_SIZE UL(0x100000)
#define PERCPU_AREA(cpu) (PERCPU_VIRT + (cpu) * PERCPU_AREA_SIZE)
#define STACK_BLOCK(cpu) (PERCPU_AREA(cpu) + 0x10000)
#define GDT_WINDOW(cpu) (PERCPU_AREA(cpu) + 0x20000)
#define LDT_WINDOW(cpu) (PERCPU_AREA(cpu) + 0x30000)
#define GDT_WINDOW_PAGES 16
#define LDT_WINDOW_PAGES 16

/* Multiboot loads us here; the text mapping maps [LOAD_PHYS, ...) at TEXT_VIRT + LOAD_PHYS. */
#define LOAD_PHYS UL(0x200000)

#endif
