/* SPDX-License-Identifier: MIT */
/* The machine's memory map: which physical ranges are RAM. */
#ifndef MM_E820_H
#define MM_E820_H

#include <stdbool.h>
#include <stdint.h>

/* Types as the BIOS call INT 15h AX=E820h and ACPI (System Address Map Interfaces) number them. */
#define E820_RAM 1
#define E820_RESERVED 2
#define E820_ACPI 3
#define E820_NVS 4
#define E820_UNUSABLE 5

#define E820_MAX 128

struct e820_entry {
    uint64_t start, size;
    uint32_t type;
};

struct e820_map {
    unsigned count;
    struct e820_entry entry[E820_MAX];
};

/* The machine's map, normalised; constant after boot. */
extern struct e820_map e820;

/* Appends; entries beyond E820_MAX are dropped (false). */
bool e820_append(struct e820_map *map, uint64_t start, uint64_t size, uint32_t type);
/*
 * Sorts, resolves overlaps (the type that is less usable wins: unknown types and reserved over NVS
 * over ACPI over RAM), and joins neighbours of one type.
 */
void e820_normalise(struct e820_map *map);
/* Does [start, start+size) lie wholly within RAM? */
bool e820_is_ram(const struct e820_map *map, uint64_t start, uint64_t size);
uint64_t e820_ram_bytes(const struct e820_map *map);

#endif
