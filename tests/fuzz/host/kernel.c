/* SPDX-License-Identifier: MIT */
// sources: hypervisor/lib/elf.c hypervisor/lib/elfnote.c hypervisor/lib/string.c tests/tools/image/kernel.c
/* A kernel's ELF headers and notes, as the hypervisor reads dom0's. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/elfnote.h"
#include "tools/image/kernel.h"

size_t fuzz_seed(unsigned n, uint8_t *at)
{
    struct kernel_file file;

    if (n > 0)
        return 0;
    kernel_make(&file);
    memcpy(at, &file, sizeof(file));
    return sizeof(file);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct pv_notes notes;
    struct elf_image elf;
    struct elf_phdr segment;
    const char *why;

    if (elf_open(&elf, data, size, &why) != 0) {
        if (!why)
            abort();
        return;
    }
    for (unsigned i = 0; i < elf.phnum && i < 64; i++)
        if (elf_phdr(&elf, i, &segment, &why) == 0 &&
            segment.filesz != 0 && (segment.type == ELF_PT_LOAD || segment.type == ELF_PT_NOTE) &&
            (segment.offset > size || segment.filesz > size - segment.offset))
            abort();
    if (pv_notes_read(&elf, &notes))
        return;
    pv_notes_check(&notes, true);
    pv_notes_check(&notes, false);
}
