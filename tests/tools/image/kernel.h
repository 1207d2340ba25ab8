/* SPDX-License-Identifier: MIT */
/* Makes small kernels for the tests, right in every detail until a test breaks one. */
#ifndef TESTS_TOOLS_IMAGE_KERNEL_H
#define TESTS_TOOLS_IMAGE_KERNEL_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_BASE 0xffffffff80000000u
#define KERNEL_LOAD 0x100000u
#define KERNEL_P2M 0x8000000000u

/* Layout of the file that kernel_make() writes. */
struct kernel_file {
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr[2];        /* PT_LOAD, PT_NOTE */
    uint8_t notes[512];
    uint8_t code[8192];
};

/* Size of the part of notes[] that is used, for tests that shorten it. */
size_t kernel_make(struct kernel_file *file);

/* Appends a note of owner "Xen" at *used. */
void kernel_note(struct kernel_file *file, size_t *used, uint32_t type, const void *data,
                 uint32_t size);

#endif
