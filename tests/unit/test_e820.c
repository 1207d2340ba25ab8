/* SPDX-License-Identifier: MIT */
// sources: mm/e820.c
/* Sorting out memory maps: overlaps, order, joining, and random maps against a page-by-page model. */
#include <stdlib.h>
#include <string.h>

#include "mm/e820.h"
#include "suite.h"

static struct e820_map map;

static void set_up(void)
{
    memset(&map, 0, sizeof(map));
}

static void expect(unsigned i, uint64_t start, uint64_t size, uint32_t type)
{
    ck_assert_uint_lt(i, map.count);
    ck_assert_uint_eq(map.entry[i].start, start);
    ck_assert_uint_eq(map.entry[i].size, size);
    ck_assert_uint_eq(map.entry[i].type, type);
}

START_TEST(sorts_and_joins)
{
    e820_append(&map, 0x3000, 0x1000, E820_RAM);
    e820_append(&map, 0x1000, 0x1000, E820_RAM);
    e820_append(&map, 0x2000, 0x1000, E820_RAM);
    e820_append(&map, 0x8000, 0x1000, E820_ACPI);
    e820_normalise(&map);
    ck_assert_uint_eq(map.count, 2);
    expect(0, 0x1000, 0x3000, E820_RAM);
    expect(1, 0x8000, 0x1000, E820_ACPI);
}
END_TEST

START_TEST(less_usable_wins)
{
    e820_append(&map, 0, 0x10000, E820_RAM);
    e820_append(&map, 0x2000, 0x1000, E820_RESERVED);
    e820_append(&map, 0x5000, 0x4000, E820_NVS);
    e820_append(&map, 0x6000, 0x1000, E820_ACPI);
    e820_append(&map, 0x9000, 0x1000, 77);
    e820_normalise(&map);
    ck_assert_uint_eq(map.count, 6);
    expect(0, 0, 0x2000, E820_RAM);
    expect(1, 0x2000, 0x1000, E820_RESERVED);
    expect(2, 0x3000, 0x2000, E820_RAM);
    expect(3, 0x5000, 0x4000, E820_NVS);
    expect(4, 0x9000, 0x1000, 77);
    expect(5, 0xa000, 0x6000, E820_RAM);
    ck_assert_uint_eq(e820_ram_bytes(&map), 0xa000);
}
END_TEST

START_TEST(odd_entries)
{
    ck_assert(e820_append(&map, 0x1000, 0, E820_RAM)); /* nothing: no entry */
    ck_assert_uint_eq(map.count, 0);
    ck_assert(!e820_append(&map, ~0ULL - 10, 100, E820_RAM)); /* wraps */
    for (unsigned i = 0; i < E820_MAX; i++)
        ck_assert(e820_append(&map, i * 0x2000ULL, 0x1000, E820_RAM));
    ck_assert(!e820_append(&map, 1ULL << 40, 0x1000, E820_RAM));
    e820_normalise(&map);
    ck_assert_uint_eq(map.count, E820_MAX);
}
END_TEST

START_TEST(is_ram_needs_all_of_it)
{
    e820_append(&map, 0x1000, 0x3000, E820_RAM);
    ck_assert(e820_is_ram(&map, 0x1000, 0x3000));
    ck_assert(!e820_is_ram(&map, 0x1000, 0x3001));
    ck_assert(!e820_is_ram(&map, 0xfff, 2));
    ck_assert(!e820_is_ram(&map, 0x3fff, ~0ULL));
}
END_TEST

START_TEST(random_maps)
{
    static const uint32_t types[] = { E820_RAM, E820_RESERVED, E820_ACPI, E820_NVS, E820_UNUSABLE };
    static const unsigned rank[] = { [E820_RAM] = 1, [E820_ACPI] = 2, [E820_NVS] = 3,
                                     [E820_RESERVED] = 4, [E820_UNUSABLE] = 5 };
    enum { PAGES = 40 };

    srand(7);
    for (unsigned round = 0; round < 500; round++) {
        uint32_t model[PAGES] = { 0 };

        set_up();
        for (unsigned n = rand() % 12; n; n--) {
            unsigned a = rand() % PAGES, len = rand() % (PAGES - a + 1);
            uint32_t type = types[rand() % 5];

            e820_append(&map, a, len, type);
            for (unsigned i = a; i < a + len; i++)
                if (rank[type] > rank[model[i]])
                    model[i] = type;
        }
        e820_normalise(&map);
        for (unsigned i = 0; i + 1 < map.count; i++) {
            uint64_t end = map.entry[i].start + map.entry[i].size;

            ck_assert_uint_le(end, map.entry[i + 1].start);
            ck_assert(end != map.entry[i + 1].start || map.entry[i].type != map.entry[i + 1].type);
        }
        for (unsigned p = 0; p < PAGES; p++) {
            uint32_t type = 0;

            for (unsigned i = 0; i < map.count; i++)
                if (p >= map.entry[i].start && p - map.entry[i].start < map.entry[i].size)
                    type = map.entry[i].type;
            ck_assert_uint_eq(type, model[p]);
        }
    }
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_add_checked_fixture(c, set_up, NULL);
    tcase_add_test(c, sorts_and_joins);
    tcase_add_test(c, less_usable_wins);
    tcase_add_test(c, odd_entries);
    tcase_add_test(c, is_ram_needs_all_of_it);
    tcase_add_test(c, random_maps);
    return run_suite("e820", c);
}
