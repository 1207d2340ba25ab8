/* SPDX-License-Identifier: MIT */
/* The machine's memory map: sorting it out. */
#include "mm/e820.h"

struct e820_map e820;

bool e820_append(struct e820_map *map, uint64_t start, uint64_t size, uint32_t type)
{
    if (!size || start + size < start)
        return !size;
    if (map->count == E820_MAX)
        return false;
    map->entry[map->count++] = (struct e820_entry){ start, size, type };
    return true;
}

/* Higher wins where entries overlap. */
static unsigned rank(uint32_t type)
{
    switch (type) {
    case E820_RAM:
        return 0;
    case E820_ACPI:
        return 1;
    case E820_NVS:
        return 2;
    case E820_UNUSABLE:
        return 4;
    default:
        return 3;
    }
}

/* The type in force at address a, and the next address at which some entry begins or ends. */
static bool type_at(const struct e820_map *map, uint64_t a, uint32_t *type, uint64_t *next)
{
    bool found = false;

    *next = ~0ULL;
    for (unsigned i = 0; i < map->count; i++) {
        const struct e820_entry *e = &map->entry[i];
        uint64_t end = e->start + e->size;

        if (e->start > a && e->start < *next)
            *next = e->start;
        if (end > a && end < *next)
            *next = end;
        if (e->start <= a && a < end && (!found || rank(e->type) > rank(*type))) {
            *type = e->type;
            found = true;
        }
    }
    return found;
}

void e820_normalise(struct e820_map *map)
{
    static struct e820_map old;
    uint64_t a = 0, next;
    uint32_t type = 0;

    old = *map;
    map->count = 0;
    do {
        if (type_at(&old, a, &type, &next)) {
            struct e820_entry *last = map->count ? &map->entry[map->count - 1] : 0;

            if (last && last->type == type && last->start + last->size == a)
                last->size = next - last->start;
            else
                e820_append(map, a, next - a, type);
        }
        a = next;
    } while (next != ~0ULL);
}

bool e820_is_ram(const struct e820_map *map, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < map->count; i++) {
        const struct e820_entry *e = &map->entry[i];

        if (e->type == E820_RAM && start >= e->start && start - e->start < e->size &&
            size <= e->size - (start - e->start))
            return true;
    }
    return false;
}

uint64_t e820_ram_bytes(const struct e820_map *map)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < map->count; i++)
        if (map->entry[i].type == E820_RAM)
            sum += map->entry[i].size;
    return sum;
}
