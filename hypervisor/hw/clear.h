/* SPDX-License-Identifier: MIT */
/* Frames are cleared before a guest sees them. */
#ifndef HW_CLEAR_H
#define HW_CLEAR_H

#include <stddef.h>

/*
 * Fill `size` bytes (a multiple of the page size, on a page's boundary) with zeroes, past the caches:
 * for frames that somebody else will use later. Any context but NMI; the guest's FPU state stays.
 */
void clear_frames(void *va, size_t size);

#endif
