/* SPDX-License-Identifier: MIT */
// sources: hypervisor/hw/acpi.c hypervisor/hw/acpi_madt.c
/* ACPI tables, with the checksums put right so that what is behind them is reached. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/services.h"

#define TABLE 512
#define BASE 0x1000 /* where the input lies; 0 would mean: search */
enum { RSDP, ROOT, MADT, FADT, HPET, TABLES };

struct hw_services hw_services;
struct cpu_features cpu_features;
static const uint8_t *memory;
static size_t memory_size;

void printk(enum log_level level, const char *fmt, ...) { }

/* A copy of exactly what is asked for, so that a byte beyond it is noticed. */
static void *map(uint64_t pa, size_t len, unsigned prot)
{
    uint8_t *copy;

    if (pa < BASE || pa - BASE >= memory_size || len > memory_size - (pa - BASE))
        return NULL;
    copy = malloc(len);
    memcpy(copy, memory + pa - BASE, len);
    return copy;
}

static void unmap(void *va, size_t len)
{
    free(va);
}

static void put(uint8_t *at, unsigned offset, uint64_t v, unsigned size)
{
    memcpy(at + offset, &v, size);
}

static void table(uint8_t *at, const char *signature, uint32_t size)
{
    memcpy(at, signature, 4);
    put(at, 4, size, 4);
}

size_t fuzz_seed(unsigned n, uint8_t *at)
{
    static const uint8_t entries[] = {
        0, 8, 1, 0, 1, 0, 0, 0, 1, 12, 3, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,
        2, 10, 0, 9, 20, 0, 0, 0, 0x0f, 0, 9, 16, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,
        5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 0, 0, 0, 0, 0x7f, 5, 1, 2, 3,
    };
    unsigned step = n ? 8 : 4;

    if (n > 1)
        return 0;
    memset(at, 0, TABLES * TABLE);
    memcpy(at, "RSD PTR ", 8);
    at[15] = n ? 2 : 0;
    put(at, 16, BASE + ROOT * TABLE, 4);
    put(at, 20, 36, 4);
    put(at, 24, BASE + ROOT * TABLE, 8);
    table(at + ROOT * TABLE, n ? "XSDT" : "RSDT", 36 + 3 * step);
    for (unsigned i = 0; i < 3; i++)
        put(at + ROOT * TABLE, 36 + i * step, BASE + (MADT + i) * TABLE, step);
    table(at + MADT * TABLE, "APIC", 44 + sizeof(entries));
    memcpy(at + MADT * TABLE + 44, entries, sizeof(entries));
    table(at + FADT * TABLE, "FACP", 244);
    table(at + HPET * TABLE, "HPET", 56);
    return TABLES * TABLE;
}

static void checksum(uint8_t *at, size_t size, size_t room, unsigned where)
{
    uint8_t sum = 0;

    if (size > room || size <= where)
        return;
    at[where] = 0;
    for (size_t i = 0; i < size; i++)
        sum += at[i];
    at[where] = -sum;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t *copy;
    size_t len;
    const void *found;

    if (size < TABLE)
        return;
    copy = malloc(size);
    memcpy(copy, data, size);
    checksum(copy, 20, size, 8);
    checksum(copy, 36, size, 32);
    for (size_t at = TABLE; at + 36 <= size; at += TABLE) {
        uint32_t length;

        memcpy(&length, copy + at + 4, sizeof(length));
        checksum(copy + at, length, size - at, 9);
    }
    memory = copy;
    memory_size = size;
    hw_services.map = map;
    hw_services.unmap = unmap;
    acpi_init(BASE);
    found = acpi_find("HPET", &len);
    if (found && len < 36)
        abort();
    if (acpi_cpu_count > MAX_CPUS || acpi_ioapic_count > ACPI_MAX_IOAPICS)
        abort();
    free(copy);
}
