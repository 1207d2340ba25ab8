/* SPDX-License-Identifier: MIT */
/* The hypervisor's own mappings beyond the direct map. */
#ifndef MM_HOSTMAP_H
#define MM_HOSTMAP_H

#include <stddef.h>
#include <stdint.h>

/* Page attributes of our own entries. */
#define HPROT_RO 0
#define HPROT_RW 1
#define HPROT_RX 2
#define HPROT_UNCACHED 4
#define HPROT_USER 8 /* readable by guests: the machine-to-phys table alone */

/* Boot: builds our own tables (image, direct map) and loads them. Memory comes from mm/early. */
void hostmap_init(void);
/* Boot: maps [va, va+len) to pa with the largest pages that fit. Attributes as above. */
void hostmap_range(unsigned long va, uint64_t pa, uint64_t len, unsigned prot);
/* Boot: 2 MiB at va all show one read-only frame (holes of our tables). */
void hostmap_hole(unsigned long va, uint64_t pa, unsigned prot);
/* From here on new page tables come from the frame allocator. */
void hostmap_boot_done(void);
/* Unmaps the image's [start, end): init memory that goes to the allocator. */
void hostmap_drop_image(unsigned long start, unsigned long end);

/* Maps physical [pa, pa+len) in the dynamic area; returns the address of pa or NULL. */
void *host_ioremap(uint64_t pa, size_t len, unsigned prot);
void host_iounmap(void *va, size_t len);
/*
 * Sets one 4 KiB mapping in our half (per-CPU area, dynamic area); mfn ~0ULL unmaps. No flush.
 * Returns 0 or -ENOMEM.
 */
int host_map_page(unsigned long va, uint64_t mfn, unsigned prot);
/*
 * The address of the L1 entry for a va that host_map_page has mapped before (descriptor windows).
 */
uint64_t *host_l1e(unsigned long va);
/* Copies our sixteen slots into a guest's new top-level table. */
void host_fill_l4(uint64_t *l4);
/*
 * Physical address of our own top-level table (idle vcpus, and while a guest's is being changed).
 */
extern unsigned long host_cr3;

#endif
