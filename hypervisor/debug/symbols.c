/* SPDX-License-Identifier: MIT */
/* The symbol table that the build makes (debug/mksymbols). */
#include "debug/symbols.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/printf.h"
#include "lib/string.h"

extern const uint32_t symbol_count, symbol_offsets[];
extern const char symbol_names[];
extern char _start[], _end[];

static int write_symbol(char *buf, size_t size, unsigned long addr)
{
    uint64_t offset = addr - (unsigned long)_start;
    uint32_t low = 0, high = symbol_count;
    const char *name = symbol_names;

    if (addr < (unsigned long)_start || addr >= (unsigned long)_end || !symbol_count ||
        offset < symbol_offsets[0])
        return 0;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (symbol_offsets[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    for (uint32_t i = 0; i < low; i++)
        name += strlen(name) + 1;
    return snprintf(buf, size, "%s+0x%lx", name, offset - symbol_offsets[low]);
}

void symbols_init(void)
{
    printf_symbol = write_symbol;
}
