/* SPDX-License-Identifier: MIT */
// sources:
/* The frame allocator and kzalloc on a small machine: no overlap, nothing lost, joins, address limits. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hw/layout.h"
#include "suite.h"

/* The machine: 4 MiB from frame 0x100, with frame 0x201 not RAM. Tables and memory lie in host arrays. */
#define FIRST 0x100
#define LAST 0x500
#define HOLE 0x201
static char table[(LAST + 1) * 32] __attribute__((aligned(64)));
static char *ram; /* what frame 0 would be at */
#undef FRAME_TABLE_VIRT
#undef DIRECT_VIRT
#define FRAME_TABLE_VIRT ((uintptr_t)table)
#define DIRECT_VIRT ((uintptr_t)ram)

#include "../../hypervisor/mm/buddy.c"
#include "../../hypervisor/mm/kmalloc.c"

uint64_t max_mfn = LAST;

bool mfn_is_ram(uint64_t mfn)
{
    return mfn >= FIRST && mfn < LAST && mfn != HOLE;
}

void spin_lock(struct spinlock *l)
{
    ck_assert_uint_eq(l->ticket, 0);
    l->ticket = 1;
}

void spin_unlock(struct spinlock *l)
{
    ck_assert_uint_eq(l->ticket, 1);
    l->ticket = 0;
}

void printk(enum log_level level, const char *fmt, ...)
{
}

void panic(const char *fmt, ...)
{
    abort();
}

void early_release(void (*fn)(uint64_t start, uint64_t end))
{
    fn((uint64_t)FIRST << PAGE_SHIFT, (uint64_t)HOLE << PAGE_SHIFT);
    fn((uint64_t)(HOLE + 1) << PAGE_SHIFT, (uint64_t)LAST << PAGE_SHIFT);
}

static void set_up(void)
{
    ram = aligned_alloc(PAGE_SIZE, (size_t)LAST << PAGE_SHIFT);
    memset(ram, 0x5a, (size_t)LAST << PAGE_SHIFT);
    buddy_init();
}

static void tear_down(void)
{
    free(ram);
}

#define ALL (LAST - FIRST - 1)

static bool all_are(const unsigned char *p, size_t n, unsigned char value)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

START_TEST(takes_over_all_ram)
{
    ck_assert_uint_eq(buddy_free_pages(), ALL);
    for (unsigned i = 0; i < ALL; i++) {
        struct page_info *pg = buddy_alloc(0, 0);

        ck_assert_ptr_nonnull(pg);
        ck_assert(mfn_is_ram(page_to_mfn(pg)));
        ck_assert(!(pg->count & PGC_FREE));
        pg->count = 12345; /* a second owner would see it */
    }
    ck_assert_ptr_null(buddy_alloc(0, 0));
    ck_assert_uint_eq(buddy_free_pages(), 0);
}
END_TEST

START_TEST(blocks_join_again)
{
    struct page_info *all[ALL];
    unsigned n = 0;

    while (n < ALL && (all[n] = buddy_alloc(0, 0)))
        n++;
    ck_assert_uint_eq(n, ALL);
    for (unsigned i = 0; i < ALL; i++) { /* in an order that is neither up nor down */
        unsigned k = (i * 37) % ALL;

        buddy_free(all[k], 0);
    }
    ck_assert_uint_eq(buddy_free_pages(), ALL);
    /* 0x300..0x3ff is a whole aligned block again, and no bigger one can be. */
    ck_assert_ptr_nonnull(buddy_alloc(8, 0));
    ck_assert_ptr_null(buddy_alloc(10, 0));
}
END_TEST

START_TEST(runs_go_back_as_blocks)
{
    static const uint64_t cut[] = { FIRST, 0x1fd, HOLE, HOLE + 1, 0x3ab, 0x3ac, LAST };

    while (buddy_alloc(0, 0))
        ;
    for (unsigned i = 0; i + 1 < sizeof(cut) / sizeof(cut[0]); i++)
        if (cut[i] != HOLE)
            buddy_free_run(cut[i], cut[i + 1]);
    ck_assert_uint_eq(buddy_free_pages(), ALL);
    /* 0x100, 0x300 and 0x400 head the blocks of 256 frames that there are. */
    for (unsigned i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(buddy_alloc(8, 0));
    ck_assert_ptr_null(buddy_alloc(8, 0));
    ck_assert_uint_eq(buddy_free_pages(), ALL - 3 * 256);
}
END_TEST

START_TEST(random_blocks_never_overlap)
{
    struct {
        struct page_info *pg;
        unsigned order;
    } held[100] = { 0 };
    static unsigned char used[LAST];
    uint64_t in_use = 0;

    srand(11);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = rand() % 100;

        if (held[i].pg) {
            uint64_t mfn = page_to_mfn(held[i].pg);

            for (unsigned k = 0; k < 1u << held[i].order; k++)
                used[mfn + k] = 0;
            in_use -= 1u << held[i].order;
            if (rand() % 4) {
                buddy_free(held[i].pg, held[i].order);
            } else { /* frame by frame */
                for (unsigned k = 0; k < 1u << held[i].order; k++)
                    buddy_free(held[i].pg + k, 0);
            }
            held[i].pg = NULL;
            continue;
        }
        held[i].order = rand() % 6;
        held[i].pg = buddy_alloc(held[i].order, 0);
        if (!held[i].pg)
            continue;
        for (unsigned k = 0; k < 1u << held[i].order; k++) {
            uint64_t mfn = page_to_mfn(held[i].pg) + k;

            ck_assert(mfn_is_ram(mfn));
            ck_assert(!used[mfn]);
            used[mfn] = 1;
        }
        ck_assert_uint_eq(page_to_mfn(held[i].pg) % (1u << held[i].order), 0);
        in_use += 1u << held[i].order;
        ck_assert_uint_eq(buddy_free_pages(), ALL - in_use);
    }
}
END_TEST

START_TEST(respects_address_limits)
{
    struct page_info *pg;
    unsigned n = 0;

    /* Frames below 0x200 are those with 21 address bits. */
    ck_assert_uint_eq(buddy_free_pages_below(21), 0x100);
    ck_assert_uint_eq(buddy_free_pages_below(0), ALL);
    ck_assert_uint_ge(page_to_mfn(buddy_alloc(0, 0)), 0x400); /* low memory comes last */
    while ((pg = buddy_alloc(0, 21))) {
        ck_assert_uint_lt(page_to_mfn(pg), 0x200);
        n++;
    }
    ck_assert_uint_eq(n, 0x100);
    ck_assert_ptr_null(buddy_alloc(0, 12));
    ck_assert_ptr_null(buddy_alloc(0, 5));
    ck_assert_ptr_null(buddy_alloc(MAX_ORDER + 1, 0));
    ck_assert_uint_eq(buddy_free_pages_below(12), 0);
}
END_TEST

START_TEST(hv_pages_are_zeroed_and_counted)
{
    unsigned char *p = hv_alloc_pages(2);

    ck_assert_ptr_nonnull(p);
    ck_assert(all_are(p, 4 * PAGE_SIZE, 0));
    ck_assert_uint_eq(virt_to_page(p)->count, PGC_HV | 1);
    ck_assert_uint_eq(hv_pages_in_use(), 4);
    hv_free_pages(p, 2);
    hv_free_pages(NULL, 0);
    ck_assert_uint_eq(hv_pages_in_use(), 0);
    ck_assert_uint_eq(buddy_free_pages(), ALL);
}
END_TEST

START_TEST(kzalloc_every_size)
{
    for (size_t size = 0; size <= 3 * PAGE_SIZE; size += size < 100 ? 1 : 61) {
        unsigned char *p = kzalloc(size), *q = kzalloc(size);

        ck_assert(p && q && p != q);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        if (size && !(size & (size - 1)) && size >= 16)
            ck_assert_uint_eq((uintptr_t)p % (size < PAGE_SIZE ? size : PAGE_SIZE), 0);
        ck_assert(all_are(p, size, 0));
        memset(p, 0xff, size);
        ck_assert(all_are(q, size, 0));
        kfree(p);
        kfree(q);
    }
    kfree(NULL);
    ck_assert_uint_eq(hv_pages_in_use(), 0);
}
END_TEST

START_TEST(kzalloc_wastes_no_frames)
{
    char *p = kzalloc(5 * PAGE_SIZE); /* a block of eight, three of them given back */

    ck_assert_uint_eq(hv_pages_in_use(), 5);
    kfree(p);
    ck_assert_uint_eq(buddy_free_pages(), ALL);
    ck_assert_ptr_null(kzalloc_array(1UL << 40, 1UL << 40));
    ck_assert_ptr_null(kzalloc(1UL << 40));
    ck_assert_ptr_null(kzalloc((size_t)LAST << PAGE_SHIFT));
}
END_TEST

START_TEST(kzalloc_random)
{
    struct {
        unsigned char *p;
        size_t size;
        unsigned char mark;
    } held[200] = { 0 };

    srand(13);
    for (unsigned step = 0; step < 40000; step++) {
        unsigned i = rand() % 200;

        if (held[i].p) {
            ck_assert(all_are(held[i].p, held[i].size, held[i].mark));
            kfree(held[i].p);
            held[i].p = NULL;
            continue;
        }
        held[i].size = rand() % 8 ? rand() % 300 : rand() % 6000;
        held[i].mark = rand();
        held[i].p = kzalloc(held[i].size);
        if (held[i].p)
            memset(held[i].p, held[i].mark, held[i].size);
    }
    for (unsigned i = 0; i < 200; i++)
        kfree(held[i].p);
    ck_assert_uint_eq(hv_pages_in_use(), 0);
    ck_assert_uint_eq(buddy_free_pages(), ALL);
}
END_TEST

START_TEST(runs_out_politely)
{
    void **chain = NULL, **p;
    unsigned n = 0;

    while ((p = kzalloc(1000))) {
        *p = chain;
        chain = p;
        n++;
    }
    ck_assert_uint_eq(n, ALL * 4);
    while (chain) {
        p = *chain;
        kfree(chain);
        chain = p;
    }
    ck_assert_uint_eq(buddy_free_pages(), ALL);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, takes_over_all_ram);
    tcase_add_test(c, blocks_join_again);
    tcase_add_test(c, runs_go_back_as_blocks);
    tcase_add_test(c, random_blocks_never_overlap);
    tcase_add_test(c, respects_address_limits);
    tcase_add_test(c, hv_pages_are_zeroed_and_counted);
    tcase_add_test(c, kzalloc_every_size);
    tcase_add_test(c, kzalloc_wastes_no_frames);
    tcase_add_test(c, kzalloc_random);
    tcase_add_test(c, runs_out_politely);
    return run_suite("memory", c);
}
