/* SPDX-License-Identifier: MIT */
/* From a kernel file as distributed (bzImage or ELF) to the ELF image inside. */
#ifndef BOOT_UNPACK_H
#define BOOT_UNPACK_H

#include <stddef.h>

struct unpacked {
    const void *data;
    size_t size;
    void *block;        /* what unpack_free() gives back; NULL: data lies in the file itself */
    unsigned order;
};

/*
 * Finds the ELF image in file[0..size): the file itself, or the payload of a bzImage compressed with
 * gzip, xz, zstd or lz4. 0, or -ENOEXEC/-ENOMEM with *why saying what is wrong. Boot only.
 */
int unpack_kernel(const void *file, size_t size, struct unpacked *out, const char **why);
void unpack_free(struct unpacked *u);

#endif
