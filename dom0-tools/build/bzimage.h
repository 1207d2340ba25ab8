/* SPDX-License-Identifier: MIT */
/* Packed kernels: Linux bzImages with gzip, xz, zstd or lz4 payload, and gzip'd ELF files. */
#ifndef PARADOR_BUILD_BZIMAGE_H
#define PARADOR_BUILD_BZIMAGE_H

#include <stdbool.h>

#include "build/image.h"

/** How much of a file's start bzimage_is_packed() wants to see. */
#define BZIMAGE_HEAD 0x250

/** Whether the file that begins with these bytes needs bzimage_unpack(). */
bool bzimage_is_packed(const uint8_t *head, size_t size);

/**
 * Unpacks a packed kernel (name is for messages). Every length in the file is checked against size.
 * ENOEXEC: truncated, corrupt, or packed in a way that is not supported.
 */
int bzimage_unpack(struct parador_handle *h, const char *name, const uint8_t *data, size_t size,
                   struct image *image);

#endif
