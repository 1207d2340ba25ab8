/* SPDX-License-Identifier: MIT */
// sources: dom0-tools/build/elf.c hypervisor/lib/elf.c hypervisor/lib/elfnote.c tests/tools/image/kernel.c
/* A guest's kernel as the tools read it: ELF headers, segments, notes. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "build/elf.h"
#include "tools/image/kernel.h"

int parador_fail(struct parador_handle *h, int err, const char *format, ...)
{
    return -1;
}

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
    struct elf_kernel kernel;

    if (elf_parse(NULL, "fuzz", data, size, &kernel) != 0)
        return;
    for (unsigned i = 0; i < kernel.nr_segments; i++) {
        const struct elf_segment *s = &kernel.segments[i];

        if (s->offset > size || s->file_size > size - s->offset || s->file_size > s->memory_size ||
            s->address < kernel.start || s->memory_size > kernel.end - s->address)
            abort();
    }
}
