/* SPDX-License-Identifier: MIT */
/* The cache of unpacked kernels: unpacking costs seconds, a guest's creation should not. */
#ifndef PARADOR_BUILD_CACHE_H
#define PARADOR_BUILD_CACHE_H

#include <sys/stat.h>

#include "build/image.h"

/** The place of one kernel in the cache; locked against other creators while open. */
struct cache_slot {
    int dir;                   /* -1: no usable cache, every operation does nothing */
    int lock;
    char name[160];
};

/**
 * Finds the slot of the kernel file path with status st, and locks it if the kernel is not in the
 * cache, so that of several creators one unpacks and the others wait. 0, or -1 when there is no
 * usable cache (not a failure for the caller: slot is then inert). Must be followed by
 * cache_close().
 */
int cache_open(struct parador_handle *h, const char *path, const struct stat *st,
               struct cache_slot *slot);

/** Maps the unpacked kernel if the cache has it. 0 or -1. */
int cache_lookup(struct cache_slot *slot, struct image *image);

/** Keeps the unpacked kernel, atomically, and drops the oldest entries above the bound. */
void cache_store(struct parador_handle *h, struct cache_slot *slot, const struct image *image);

void cache_close(struct cache_slot *slot);

#endif
