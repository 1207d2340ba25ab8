/* SPDX-License-Identifier: MIT */
/* The frame allocator: power-of-two blocks of RAM. */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include <stdint.h>

#include "mm/frame.h"

#define MAX_ORDER 18

/*
 * addr_bits limits the machine address (0: no limit), for DMA. Returns NULL when out of memory.
 * Contents undefined.
 */
struct page_info *buddy_alloc(unsigned order, unsigned addr_bits);
/* Frees a block as allocated, or single frames of one. */
void buddy_free(struct page_info *pg, unsigned order);
/* The same for the frames [mfn, end), which need not be of one block. */
void buddy_free_run(uint64_t mfn, uint64_t end);
uint64_t buddy_free_pages(void);
/* Free frames with machine addresses below 2^addr_bits (0: all). */
uint64_t buddy_free_pages_below(unsigned addr_bits);
/* Boot: takes over what mm/early has left. */
void buddy_init(void);
/*
 * Boot: gives the allocator frames of [start, end) that were in use so far (init memory, modules).
 */
void buddy_add(uint64_t start, uint64_t end);
/* Largest free blocks per order, for the memory debug key. */
void buddy_dump(void);
/* Zeroed frames for the hypervisor's own use (PGC_HV, owner NULL); NULL when out of memory. */
void *hv_alloc_pages(unsigned order);
void hv_free_pages(void *v, unsigned order);
uint64_t hv_pages_in_use(void);

#endif
