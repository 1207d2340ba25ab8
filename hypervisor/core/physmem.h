/* SPDX-License-Identifier: MIT */
/* A domain's memory: allocation, accounting, and the frames we share with it. */
#ifndef CORE_PHYSMEM_H
#define CORE_PHYSMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/frame.h"

struct domain;

/*
 * Allocates 2^order zeroed (scrubbed) frames owned by d, each with count PGC_ALLOCATED|1 and type
 * none.
 * NULL: over max_pages, dying, or no memory.
 */
struct page_info *physmem_alloc(struct domain *d, unsigned order, unsigned addr_bits);
/* Gives d ownership of a frame the hypervisor already holds (dom0's image). */
int physmem_assign(struct domain *d, struct page_info *pg, unsigned order);
/*
 * page_last_put's target: unlinks from the owner and frees (scrubbing is the allocator's business).
 */
void physmem_free_page(struct page_info *pg);
/*
 * Makes one of our frames readable (or writable) to a guest: owner d, counted in hv_pages, not in
 * tot_pages.
 */
void physmem_share_hv_page(struct page_info *pg, struct domain *d, bool writable);
/*
 * Around many changes of what d owns: they count as of the beginning, which should not be long
 * ago. d is held or looked up.
 */
void physmem_bulk_begin(struct domain *d);
void physmem_bulk_end(struct domain *d);
/* Frames times milliseconds that d owned until `now` (system time), and *pages that it owns. */
uint64_t physmem_usage(struct domain *d, uint64_t now, uint64_t *pages);
/* Drops PGC_ALLOCATED of every frame, resumably (-ERESTART). */
int physmem_relinquish(struct domain *d);
/*
 * Takes a shared hypervisor frame away from its domain: the frame is freed as soon as no guest
 * refers to it,
 * the domain's structure may go before. NULL is not accepted.
 */
void physmem_unshare_hv_page(struct page_info *pg);
/*
 * Returns freed frames that still rest (until no TLB can hold them) to the allocator. Interrupts
 * on, no irq-safe lock.
 */
void physmem_drain(void);
void physmem_init(void);

#endif
