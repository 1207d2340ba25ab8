/* SPDX-License-Identifier: MIT */
/* CLAC and STAC that become no-ops on processors without SMAP. */
#ifndef HW_SMAP_H
#define HW_SMAP_H

/*
 * Each site is a three-byte no-op until smap_patch() writes the instruction over it; its address
 * and what belongs there (1 CLAC, 2 STAC) go into a table. Entry code so pays nothing on old CPUs.
 */
#ifdef __ASSEMBLER__
.macro smap_site kind
771:    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .balign 4
    .long 771b - .
    .long \kind
    .popsection
.endm
.macro CLAC
    smap_site 1
.endm
.macro STAC
    smap_site 2
.endm
#else
#define SMAP_SITE(kind)              \
    "771: .byte 0x0f, 0x1f, 0x00\n"  \
    ".pushsection .smap_sites,\"a\"\n" \
    ".balign 4\n"                    \
    ".long 771b - .\n"               \
    ".long " #kind "\n"              \
    ".popsection\n"

/* Forbid and allow our own accesses to pages that ring 3 may use. */
static inline void smap_forbid(void) { __asm__ volatile(SMAP_SITE(1) ::: "memory", "cc"); }
static inline void smap_allow(void) { __asm__ volatile(SMAP_SITE(2) ::: "memory", "cc"); }

/* Boot CPU, before any guest runs and before the text becomes read-only. */
void smap_patch(void);
#endif

#endif
