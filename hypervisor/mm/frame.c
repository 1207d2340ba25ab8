/* SPDX-License-Identifier: MIT */
/* The frame table: making it, and reference counts. */
#include "mm/frame.h"

#include "hw/panic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "mm/e820.h"
#include "mm/early.h"
#include "mm/hostmap.h"

#define CHUNK (1UL << L2_PAGE_SHIFT)                   /* of the table */
#define CHUNK_MFNS (CHUNK / sizeof(struct page_info))  /* described by it */

/* Below 1 MiB is firmware's and dom0's to read: never handed out, not RAM to guests. */
#define FIRST_RAM_MFN 0x100

uint64_t max_mfn;
void (*page_last_put)(struct page_info *pg);
static unsigned long *ram_map; /* a bit per frame below max_mfn */

static void whole_frames(const struct e820_entry *e, uint64_t *first, uint64_t *end)
{
    *first = (e->start + PAGE_SIZE - 1) >> PAGE_SHIFT;
    *end = (e->start + e->size) >> PAGE_SHIFT;
    if (*first < FIRST_RAM_MFN)
        *first = FIRST_RAM_MFN;
    if (*end > (DIRECT_END - DIRECT_VIRT) >> PAGE_SHIFT)
        *end = (DIRECT_END - DIRECT_VIRT) >> PAGE_SHIFT;
}

static void note_ram(uint64_t first, uint64_t end)
{
    while (first < end && first % BITS_PER_LONG)
        bitmap_set(ram_map, first++);
    for (; first + BITS_PER_LONG <= end; first += BITS_PER_LONG)
        ram_map[first / BITS_PER_LONG] = ~0UL;
    while (first < end)
        bitmap_set(ram_map, first++);
}

void frame_table_init(void)
{
    uint64_t first, end, zero, size;

    for (unsigned i = 0; i < e820.count; i++) {
        whole_frames(&e820.entry[i], &first, &end);
        if (e820.entry[i].type == E820_RAM && first < end && end > max_mfn)
            max_mfn = end;
    }
    size = BITMAP_WORDS(max_mfn) * sizeof(*ram_map);
    ram_map = mfn_to_virt(early_alloc(size, PAGE_SIZE) >> PAGE_SHIFT);
    memset(ram_map, 0, size);
    for (unsigned i = 0; i < e820.count; i++) {
        whole_frames(&e820.entry[i], &first, &end);
        if (e820.entry[i].type == E820_RAM && first < end)
            note_ram(first, end);
    }

    zero = early_alloc(PAGE_SIZE, PAGE_SIZE);
    memset(mfn_to_virt(zero >> PAGE_SHIFT), 0, PAGE_SIZE);
    for (uint64_t mfn = 0; mfn < max_mfn; mfn += CHUNK_MFNS) {
        unsigned long va = FRAME_TABLE_VIRT + mfn * sizeof(struct page_info);

        if (bitmap_next_set(ram_map, max_mfn, mfn) < mfn + CHUNK_MFNS) {
            uint64_t pa = early_alloc(CHUNK, CHUNK);

            memset(mfn_to_virt(pa >> PAGE_SHIFT), 0, CHUNK);
            hostmap_range(va, pa, CHUNK, HPROT_RW);
        } else {
            hostmap_hole(va, zero, HPROT_RO);
        }
    }
}

bool mfn_is_ram(uint64_t mfn)
{
    return mfn < max_mfn && bitmap_test(ram_map, mfn);
}

/* Adds one to a count that is not zero and would not overflow. */
static bool count_up(struct page_info *pg)
{
    uint64_t x = __atomic_load_n(&pg->count, __ATOMIC_RELAXED);

    do {
        uint64_t n = x & PGC_COUNT_MASK;

        if ((x & PGC_FREE) || n == 0 || n == PGC_COUNT_MASK)
            return false;
    } while (!__atomic_compare_exchange_n(&pg->count, &x, x + 1, false, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    return true;
}

/* The owner is looked at only when a reference keeps it from changing. */
bool page_get(struct page_info *pg, const struct domain *d)
{
    if (!count_up(pg))
        return false;
    if (__builtin_expect(pg->owner == d || (!d && pg->owner), 1))
        return true;
    page_put(pg);
    return false;
}

bool page_get_again(struct page_info *pg)
{
    return count_up(pg);
}

void page_put(struct page_info *pg)
{
    uint64_t left = __atomic_sub_fetch(&pg->count, 1, __ATOMIC_RELEASE);

    ASSERT((left & PGC_COUNT_MASK) != PGC_COUNT_MASK);
    if (!(left & PGC_COUNT_MASK)) {
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        page_last_put(pg);
    }
}
