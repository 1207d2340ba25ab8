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

#ifndef __ASSEMBLER__
#include <stdint.h>

struct trap_frame;

/* Builds this CPU's GDT page 14, TSS (rsp0, ISTs) and loads GDTR, TR, IDTR. */
void desc_init_cpu(void);
/*
 * Maps n guest frames read-only as the first n pages of this CPU's GDT window (others unmapped)
 * and invalidates them. Interrupts off. The frames are typed as descriptor pages by the caller.
 */
void gdt_window_set(const uint64_t *mfns, unsigned n);
/* Likewise the LDT window, and loads LDTR for `entries` descriptors (0: null LDT). */
void ldt_window_set(const uint64_t *mfns, unsigned n, unsigned entries);
/* Makes `ist` stacks of NMI, #DF, #MC; 0xffff000000000000-style canonical checks are the caller's. */
#endif
#endif
