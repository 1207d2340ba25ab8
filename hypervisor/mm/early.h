/* SPDX-License-Identifier: MIT */
/* Memory while booting: what is free, before the frame allocator exists. */
#ifndef MM_EARLY_H
#define MM_EARLY_H

#include <stdint.h>

/* Takes the RAM above 1 MiB of the machine's map (mm/e820) as free. */
void early_init(void);
/* [start, start+size) is in use: the image, boot modules. */
void early_reserve(uint64_t start, uint64_t size);
/*
 * Allocates size bytes aligned to align (a power of two), as high as possible, and below what
 * early_set_limit allows. Returns the physical address; panics when there is none. Contents
 * undefined.
 */
uint64_t early_alloc(uint64_t size, uint64_t align);
/* Only what is mapped can be used: 4 GiB by head.S, everything once the direct map stands. */
void early_set_limit(uint64_t limit);
/* Calls fn for every range that is still free, and ends early allocation. */
void early_release(void (*fn)(uint64_t start, uint64_t end));

#endif
