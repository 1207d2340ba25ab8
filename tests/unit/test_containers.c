/* SPDX-License-Identifier: MIT */
// sources: lib/heap.c lib/rangeset.c lib/bitmap.c
/* Heap, range sets and bit maps, each against a naive model under random operations. */
#include <stdlib.h>
#include <string.h>

#include "lib/bitmap.h"
#include "lib/heap.h"
#include "lib/rangeset.h"
#include "suite.h"

#define NODES 64

START_TEST(heap_gives_the_least)
{
    struct heap_node node[NODES], *slots[NODES];
    struct heap h = { slots, 0, NODES };
    bool in[NODES] = { false };

    srand(1);
    for (unsigned i = 0; i < NODES; i++)
        heap_node_init(&node[i]);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = rand() % NODES;

        if (in[i]) {
            ck_assert(heap_contains(&node[i]));
            heap_remove(&h, &node[i]);
        } else {
            node[i].key = rand() % 50;
            ck_assert(heap_insert(&h, &node[i]));
        }
        in[i] = !in[i];
        ck_assert(heap_contains(&node[i]) == in[i]);

        uint64_t least = ~0ULL;
        unsigned count = 0;

        for (unsigned k = 0; k < NODES; k++) {
            if (!in[k])
                continue;
            count++;
            if (node[k].key < least)
                least = node[k].key;
        }
        ck_assert_uint_eq(h.count, count);
        if (count)
            ck_assert_uint_eq(heap_first(&h)->key, least);
        else
            ck_assert_ptr_null(heap_first(&h));
    }
}
END_TEST

START_TEST(heap_refuses_when_full_and_grows)
{
    struct heap_node n[3], *small[2], *big[4];
    struct heap h = { small, 0, 2 };

    for (unsigned i = 0; i < 3; i++) {
        heap_node_init(&n[i]);
        n[i].key = 3 - i;
    }
    ck_assert(heap_insert(&h, &n[0]) && heap_insert(&h, &n[1]));
    ck_assert(!heap_insert(&h, &n[2]));
    ck_assert_ptr_eq(heap_grow(&h, big, 4), small);
    ck_assert(heap_insert(&h, &n[2]));
    ck_assert_ptr_eq(heap_first(&h), &n[2]);
}
END_TEST

#define RANGE 60

static unsigned live;

static void *counted_alloc(unsigned long size)
{
    live++;
    return malloc(size);
}

static void counted_free(void *p)
{
    live--;
    free(p);
}

START_TEST(rangeset_like_a_bit_array)
{
    struct rangeset *r = rangeset_new(counted_alloc, counted_free);
    bool model[RANGE] = { false };

    srand(2);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned a = rand() % RANGE, b = rand() % RANGE;
        unsigned first = a < b ? a : b, last = a < b ? b : a, islands = 0;
        bool all = true, any = false, add = rand() % 2;

        ck_assert_int_eq(add ? rangeset_add(r, first, last) : rangeset_remove(r, first, last), 0);
        for (unsigned i = first; i <= last; i++)
            model[i] = add;
        a = rand() % RANGE;
        b = rand() % RANGE;
        first = a < b ? a : b;
        last = a < b ? b : a;
        for (unsigned i = first; i <= last; i++) {
            all &= model[i];
            any |= model[i];
        }
        ck_assert(rangeset_contains(r, first, last) == all);
        ck_assert(rangeset_overlaps(r, first, last) == any);
        for (unsigned i = 0; i < RANGE; i++)
            islands += model[i] && (i == 0 || !model[i - 1]);
        ck_assert_uint_eq(live, islands + 1); /* neighbours are joined */
    }
    rangeset_destroy(r);
    ck_assert_uint_eq(live, 0);
}
END_TEST

START_TEST(rangeset_reaches_the_ends)
{
    struct rangeset *r = rangeset_new(counted_alloc, counted_free);

    ck_assert_int_eq(rangeset_add(r, 0, ~0ULL), 0);
    ck_assert(rangeset_contains(r, 0, ~0ULL));
    ck_assert_int_eq(rangeset_remove(r, 0, 0), 0);
    ck_assert_int_eq(rangeset_remove(r, ~0ULL, ~0ULL), 0);
    ck_assert(rangeset_contains(r, 1, ~0ULL - 1));
    ck_assert(!rangeset_overlaps(r, 0, 0) && !rangeset_overlaps(r, ~0ULL, ~0ULL));
    ck_assert_int_eq(rangeset_add(r, ~0ULL, ~0ULL), 0);
    ck_assert_int_eq(rangeset_add(r, 0, 0), 0);
    ck_assert_uint_eq(live, 2);
    ck_assert_int_eq(rangeset_add(r, 5, 4), 0);
    rangeset_destroy(r);
}
END_TEST

static void *no_memory(unsigned long size)
{
    return NULL;
}

static void *only_the_first(unsigned long size)
{
    return live ? NULL : counted_alloc(size);
}

START_TEST(rangeset_without_memory)
{
    struct rangeset *r;

    ck_assert_ptr_null(rangeset_new(no_memory, counted_free));
    r = rangeset_new(only_the_first, counted_free);
    ck_assert_int_lt(rangeset_add(r, 1, 2), 0);
    ck_assert(!rangeset_overlaps(r, 0, 10));
    rangeset_destroy(r);
    rangeset_destroy(NULL);
}
END_TEST

START_TEST(bitmap_searches)
{
    enum { BITS = 150 };
    unsigned long m[BITMAP_WORDS(BITS)];

    srand(3);
    for (unsigned round = 0; round < 300; round++) {
        unsigned weight = 0;

        bitmap_zero(m, BITS);
        m[BITMAP_WORDS(BITS) - 1] = ~0UL << (BITS % 64); /* beyond the end: must not count */
        ck_assert(bitmap_empty(m, BITS));
        for (unsigned i = 0; i < round / 4; i++)
            bitmap_set(m, rand() % BITS);
        for (unsigned i = 0; i < BITS; i++)
            weight += bitmap_test(m, i);
        ck_assert_uint_eq(bitmap_weight(m, BITS), weight);
        ck_assert(bitmap_empty(m, BITS) == !weight);
        for (unsigned from = 0; from <= BITS + 1; from++) {
            unsigned long set = from > BITS ? BITS : from, clear = set;

            while (set < BITS && !bitmap_test(m, set))
                set++;
            while (clear < BITS && bitmap_test(m, clear))
                clear++;
            ck_assert_uint_eq(bitmap_next_set(m, BITS, from), set);
            ck_assert_uint_eq(bitmap_next_clear(m, BITS, from), clear);
        }
    }
}
END_TEST

START_TEST(bitmap_atomic_tells_the_old_value)
{
    unsigned long m[2] = { 0 };

    ck_assert(!bitmap_test_set_atomic(m, 70) && bitmap_test_set_atomic(m, 70));
    ck_assert(bitmap_test_clear_atomic(m, 70) && !bitmap_test_clear_atomic(m, 70));
    bitmap_set_atomic(m, 3);
    ck_assert_uint_eq(m[0], 8);
    bitmap_clear_atomic(m, 3);
    ck_assert_uint_eq(m[0] | m[1], 0);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_add_test(c, heap_gives_the_least);
    tcase_add_test(c, heap_refuses_when_full_and_grows);
    tcase_add_test(c, rangeset_like_a_bit_array);
    tcase_add_test(c, rangeset_reaches_the_ends);
    tcase_add_test(c, rangeset_without_memory);
    tcase_add_test(c, bitmap_searches);
    tcase_add_test(c, bitmap_atomic_tells_the_old_value);
    return run_suite("containers", c);
}
