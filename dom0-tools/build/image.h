/* SPDX-License-Identifier: MIT */
/* A kernel image in memory: read from its file and, if need be, unpacked (with a cache). */
#ifndef PARADOR_BUILD_IMAGE_H
#define PARADOR_BUILD_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/parador.h"

/** Largest file or unpacked kernel accepted: a bound for hostile size fields. */
#define IMAGE_MAX ((size_t)256 << 20)

/** Bytes that image_free() gives back; never written after they are complete. */
struct image {
    uint8_t *data;
    size_t size;
    size_t mapped;             /* not 0: data is a mapping of that length, else malloc'd */
};

/**
 * Reads the kernel at path and unpacks it: an ELF file, a gzip'd one, or a Linux bzImage. The
 * unpacked form of a packed kernel is kept under /var/cache/parador. ENOENT, EACCES …: the file;
 * ENOEXEC: it is nothing of the kind, or broken.
 */
int image_load_kernel(struct parador_handle *h, const char *path, struct image *image);

/** Reads a whole file. */
int image_read_file(struct parador_handle *h, int fd, const char *path, size_t size,
                    struct image *image);

void image_free(struct image *image);

#endif
