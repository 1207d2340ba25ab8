/* SPDX-License-Identifier: MIT */
/*
 * A 64-bit x86 ELF executable in memory: checked views of its segments. Also compiled by
 * dom0-tools.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_PT_LOAD 1
#define ELF_PT_NOTE 4
/* Program headers of one image; a kernel has about five. */
#define ELF_PHDRS_MAX 256

/* Program header, ELF-64 object file format, figure 6. */
struct elf_phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_image {
    const uint8_t *data;
    size_t size;
    uint64_t entry;
    uint64_t phoff;
    unsigned phnum;
};

/*
 * Checks the header of an image of `size` bytes. 0, or -ENOEXEC with *why saying what is wrong:
 * not ELF, not 64-bit x86, not executable, or program headers outside the image.
 */
int elf_open(struct elf_image *elf, const void *data, size_t size, const char **why);
/*
 * Copies program header i (< phnum). -ENOEXEC with *why when what it loads, or its notes, leave
 * the image, when its file part is larger than its memory part, or when its addresses wrap.
 */
int elf_phdr(const struct elf_image *elf, unsigned i, struct elf_phdr *out, const char **why);

#endif
