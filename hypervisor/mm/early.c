/* SPDX-License-Identifier: MIT */
/* Memory while booting: a short sorted list of free ranges. */
#include "mm/early.h"

#include "hw/layout.h"
#include "hw/panic.h"
#include "mm/e820.h"

/* The first MiB stays as firmware left it: dom0 reads tables there, CPUs start there. */
#define FIRST_BYTE 0x100000

#define MAX_RANGES (E820_MAX + 64)

static struct {
    uint64_t start, end;
} range[MAX_RANGES];
static unsigned nr_ranges;
static uint64_t limit = 1ULL << 32;

static void insert(unsigned at, uint64_t start, uint64_t end)
{
    if (nr_ranges == MAX_RANGES)
        panic("too many ranges of free memory");
    for (unsigned i = nr_ranges++; i > at; i--)
        range[i] = range[i - 1];
    range[at].start = start;
    range[at].end = end;
}

static void drop(unsigned at)
{
    nr_ranges--;
    for (unsigned i = at; i < nr_ranges; i++)
        range[i] = range[i + 1];
}

void early_init(void)
{
    for (unsigned i = 0; i < e820.count; i++) {
        uint64_t start = e820.entry[i].start, end = start + e820.entry[i].size;

        if (e820.entry[i].type != E820_RAM)
            continue;
        start = (start + PAGE_SIZE - 1) & -PAGE_SIZE;
        end &= -PAGE_SIZE;
        if (start < FIRST_BYTE)
            start = FIRST_BYTE;
        if (end > DIRECT_END - DIRECT_VIRT)
            end = DIRECT_END - DIRECT_VIRT;
        if (start < end)
            insert(nr_ranges, start, end);
    }
}

void early_reserve(uint64_t start, uint64_t size)
{
    uint64_t end = (start + size + PAGE_SIZE - 1) & -PAGE_SIZE;

    start &= -PAGE_SIZE;
    for (unsigned i = 0; i < nr_ranges; i++) {
        if (range[i].end <= start || range[i].start >= end)
            continue;
        if (range[i].start < start && range[i].end > end) {
            insert(i + 1, end, range[i].end);
            range[i].end = start;
        } else if (range[i].start < start) {
            range[i].end = start;
        } else if (range[i].end > end) {
            range[i].start = end;
        } else {
            drop(i--);
        }
    }
}

uint64_t early_alloc(uint64_t size, uint64_t align)
{
    size = (size + PAGE_SIZE - 1) & -PAGE_SIZE;
    for (unsigned i = nr_ranges; i-- > 0;) {
        uint64_t end = range[i].end < limit ? range[i].end : limit;

        if (end < size)
            continue;
        uint64_t at = (end - size) & -align;

        if (at < range[i].start || at + size > end)
            continue;
        early_reserve(at, size);
        return at;
    }
    panic("out of memory while booting: %lu KiB wanted", size >> 10);
}

void early_set_limit(uint64_t new_limit)
{
    limit = new_limit;
}

void early_release(void (*fn)(uint64_t start, uint64_t end))
{
    for (unsigned i = 0; i < nr_ranges; i++)
        fn(range[i].start, range[i].end);
    nr_ranges = 0;
}
