/* SPDX-License-Identifier: MIT */
/* Small allocations for the hypervisor's own objects. */
#ifndef MM_KMALLOC_H
#define MM_KMALLOC_H

#include <stddef.h>

/*
 * Zeroed, aligned to 16 (sizes that are powers of two: to their size, up to a page). NULL when out
 * of memory.
 */
void *kzalloc(size_t size);
void *kzalloc_array(size_t n, size_t size); /* n*size must not overflow: NULL if it would */
void kfree(void *p);                        /* NULL is fine */

#endif
