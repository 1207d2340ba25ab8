/* SPDX-License-Identifier: MIT */
/* A guest kernel's ELF file: what is to be loaded where, and what its Xen notes say. */
#ifndef PARADOR_BUILD_ELF_H
#define PARADOR_BUILD_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/parador.h"

#define ELF_SEGMENTS_MAX 32

/** A piece to load: offset and file_size lie inside the image; address is pseudo-physical. */
struct elf_segment {
    uint64_t offset, file_size;
    uint64_t address, memory_size;
};

/** The answer to "what does this kernel want?", with every number checked. */
struct elf_kernel {
    struct elf_segment segments[ELF_SEGMENTS_MAX];
    unsigned nr_segments;
    uint64_t start, end;       /* pseudo-physical range of all segments */

    uint64_t virt_base;        /* virtual address of pseudo-physical 0 */
    uint64_t entry;            /* virtual */
    uint64_t hypercall_page;   /* virtual; 0: the kernel wants none */
    uint64_t init_p2m;         /* virtual address for the P2M; 0: in the bootstrap region */
    bool mod_start_pfn;        /* the initrd need not be mapped */
    char guest_os[32];
};

/**
 * Reads the headers and notes of image (name is for messages). Nothing outside image is read,
 * whatever it holds. ENOEXEC, with a sentence that says what is missing: not a 64-bit PV kernel, or
 * broken.
 */
int elf_parse(struct parador_handle *h, const char *name, const uint8_t *image, size_t size,
              struct elf_kernel *kernel);

#endif
