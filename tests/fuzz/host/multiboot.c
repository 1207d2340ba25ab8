/* SPDX-License-Identifier: MIT */
// sources: hypervisor/boot/multiboot.c hypervisor/lib/cmdline.c hypervisor/lib/string.c
/* What a boot loader hands over, in either version of the protocol, in 4 GiB of its own. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "boot/multiboot.h"
#include "hw/layout.h"

#define INFO 0x10000

bool e820_append(struct e820_map *map, uint64_t start, uint64_t len, uint32_t type)
{
    if (map->count == E820_MAX)
        return false;
    map->count++;
    return true;
}

static void put(uint8_t *at, unsigned offset, uint64_t v, unsigned size)
{
    memcpy(at + offset, &v, size);
}

/* Each input: its magic's last byte, then what lies at INFO. */
static size_t seed_mb2(uint8_t *at)
{
    uint8_t *p = at + 1;
    unsigned n = 8;

    at[0] = 0x89;
    put(p, n, 1, 4); put(p, n + 4, 8 + 16, 4); memcpy(p + n + 8, "console=com1 a=b", 16); n += 24;
    put(p, n, 2, 4); put(p, n + 4, 8 + 5, 4); memcpy(p + n + 8, "GRUB", 5); n += 16;
    put(p, n, 3, 4); put(p, n + 4, 16 + 8, 4); put(p, n + 8, 0x1000, 4); put(p, n + 12, 0x2000, 4);
    memcpy(p + n + 16, "/vml q", 7); n += 24;
    put(p, n, 6, 4); put(p, n + 4, 16 + 48, 4); put(p, n + 8, 24, 4);
    put(p, n + 24, 0x9f000, 8); put(p, n + 32, 1, 4); n += 64;
    put(p, n, 8, 4); put(p, n + 4, 32, 4); put(p, n + 8, 0xe0000000, 8); n += 32;
    put(p, n, 14, 4); put(p, n + 4, 28, 4); memcpy(p + n + 8, "RSD PTR ", 8); n += 32;
    put(p, n, 15, 4); put(p, n + 4, 44, 4); memcpy(p + n + 8, "RSD PTR ", 8); n += 48;
    put(p, n, 12, 4); put(p, n + 4, 16, 4); n += 16;
    put(p, n, 0, 4); put(p, n + 4, 8, 4); n += 8;
    put(p, 0, n, 4);
    return n + 1;
}

static size_t seed_mb1(uint8_t *at)
{
    uint8_t *p = at + 1;

    at[0] = 0x02;
    put(p, 0, 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9, 4);
    put(p, 16, INFO + 400, 4);
    memcpy(p + 400, "parador com1=1 x", 17);
    put(p, 20, 2, 4);
    put(p, 24, INFO + 100, 4);
    put(p, 100, 0x1000, 4);
    put(p, 104, 0x3000, 4);
    put(p, 108, INFO + 400, 4);
    put(p, 44, 48, 4);
    put(p, 48, INFO + 200, 4);
    put(p, 200, 20, 4);
    put(p, 224, 20, 4);
    put(p, 64, INFO + 420, 4);
    memcpy(p + 420, "qemu", 5);
    return 430;
}

size_t fuzz_seed(unsigned n, uint8_t *at)
{
    memset(at, 0, 512);
    return n == 0 ? seed_mb2(at) : n == 1 ? seed_mb1(at) : 0;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static uint8_t *memory;

    if (!memory) {
        memory = mmap((void *)DIRECT_VIRT, (1UL << 32) + 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (memory != (uint8_t *)DIRECT_VIRT)
            abort();
    }
    if (size == 0)
        return;
    memset(memory + INFO, 0, INPUT_MAX);
    memcpy(memory + INFO, data + 1, size - 1);
    memset(&boot_info, 0, sizeof(boot_info));
    multiboot_parse(data[0] == 0x89 ? 0x36d76289 : 0x2badb002, INFO);
    if (boot_info.nr_modules > BOOT_MAX_MODULES || boot_info.rsdp_size > sizeof(boot_info.rsdp) ||
        strnlen(boot_info.cmdline, BOOT_CMDLINE_SIZE) == BOOT_CMDLINE_SIZE)
        abort();
}
