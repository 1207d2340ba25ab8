/* SPDX-License-Identifier: MIT */
/* Sets of integers kept as disjoint, sorted ranges. */
#ifndef LIB_RANGESET_H
#define LIB_RANGESET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The memory is the caller's allocator's: rangeset_new takes alloc and free functions, so the
 * library depends on nothing. Not locked. Bounds are inclusive.
 */
struct rangeset;

struct rangeset *rangeset_new(void *(*alloc)(unsigned long size), void (*release)(void *));
void rangeset_destroy(struct rangeset *r); /* NULL is fine */
int rangeset_add(struct rangeset *r, uint64_t first, uint64_t last);    /* 0 or -ENOMEM */
int rangeset_remove(struct rangeset *r, uint64_t first, uint64_t last); /* 0 or -ENOMEM (a split) */
bool rangeset_contains(const struct rangeset *r, uint64_t first, uint64_t last);
bool rangeset_overlaps(const struct rangeset *r, uint64_t first, uint64_t last);

#endif
