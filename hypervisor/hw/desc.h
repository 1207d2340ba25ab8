/* SPDX-License-Identifier: MIT */
/* GDT, TSS and IDT: our selectors, and the per-CPU descriptor windows that hold guests' tables. */
#ifndef HW_DESC_H
#define HW_DESC_H

/*
 * The ABI reserves GDT entries from 0xe000/8 (page 14 of the window): FLAT_RING3_CS64 0xe033,
 * FLAT_RING3_CS32 0xe023, FLAT_RING3_DS 0xe02b, FLAT_RING1_* as in the public header. Ours
 * beside them, as SYSCALL/SYSRET need: kernel CS, kernel SS = CS + 8.
 */
#define HV_CS 0xe008
#define HV_SS 0xe010
#define GUEST_CS32 0xe023
#define GUEST_SS 0xe02b
#define GUEST_CS64 0xe033
#define HV_TSS 0xe040
#define HV_LDT 0xe050
#define HV_PER_CPU_SEL 0xe060 /* limit holds the CPU number, for LSL */

/*
 * Stacks of their own for what can strike while rsp is still the guest's. Offsets in the stack
 * block
 * of the ends; below each is a page that is not mapped, or the entry stub's, which is not writable:
 * page 0 stub, 1-2 NMI, 4-5 #DF, 7-8 #MC, 10 #DB, 12-15 main stack.
 */
#define IST_NMI 1
#define IST_DF 2
#define IST_MC 3
#define IST_DB 4
#define STACK_NMI_END 0x3000
#define STACK_DF_END 0x6000
#define STACK_MC_END 0x9000
#define STACK_DB_END 0xb000
/* Bit i: page i of the block is mapped. */
#define STACK_BLOCK_MAPPED 0xf5b7

#ifndef __ASSEMBLER__
#include <stdint.h>

struct trap_frame;

/* The page of the GDT window that is ours: the ABI's FIRST_RESERVED_GDT_PAGE. */
#define GDT_RESERVED_PAGE 14

/* The page-table entries of a CPU's two windows, which the *_window_set functions below write. */
void desc_set_windows(unsigned cpu, uint64_t *gdt_l1e, uint64_t *ldt_l1e);
/* Builds this CPU's GDT page 14, TSS (rsp0, ISTs) and loads GDTR, TR, IDTR. */
void desc_init_cpu(void);
/*
 * Maps n guest frames as the first n pages of this CPU's GDT window (others unmapped)
 * and invalidates them. Interrupts off. The frames are typed as descriptor pages by the caller.
 */
void gdt_window_set(const uint64_t *mfns, unsigned n);
/*
 * Likewise the LDT window (an mfn of ~0: nothing mapped there), and loads LDTR for `entries`
 * descriptors (0: null LDT).
 */
void ldt_window_set(const uint64_t *mfns, unsigned n, unsigned entries);
#endif
#endif
