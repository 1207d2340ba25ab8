/* SPDX-License-Identifier: MIT */
// sources: hw/acpi.c hw/acpi_madt.c
/* ACPI tables from good and from hostile firmware. */
#include <stdlib.h>
#include <string.h>

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/services.h"
#include "suite.h"

/* Stand-ins: a megabyte of "physical memory"; a mapping is a copy of exactly its size. */
#define MEMORY 0x100000
struct hw_services hw_services;
struct cpu_features cpu_features;
static uint8_t memory[MEMORY];
static unsigned warnings;

void printk(enum log_level level, const char *fmt, ...) { warnings += level == LOG_WARN; }

#define MAX_MAPS 512
static void *maps[MAX_MAPS];
static unsigned nr_maps;

static void *map(uint64_t pa, size_t len, unsigned prot)
{
    uint8_t *p;

    if (pa >= MEMORY || len > MEMORY - pa || nr_maps == MAX_MAPS)
        return NULL;
    p = malloc(len);
    memcpy(p, memory + pa, len);
    maps[nr_maps++] = p;
    return p;
}

static void unmap(void *va, size_t len)
{
    for (unsigned i = 0; i < nr_maps; i++) {
        if (maps[i] != va)
            continue;
        free(va);
        maps[i] = maps[--nr_maps];
        return;
    }
    ck_abort_msg("unmapping what is not mapped");
}

static void put(uint64_t pa, uint64_t v, unsigned size) { memcpy(memory + pa, &v, size); }

static void sum(uint64_t pa, size_t len, unsigned at)
{
    uint8_t s = 0;

    memory[pa + at] = 0;
    for (size_t i = 0; i < len; i++)
        s += memory[pa + i];
    memory[pa + at] = (uint8_t)-s;
}

static void table(uint64_t pa, const char *signature, uint32_t len)
{
    memcpy(memory + pa, signature, 4);
    put(pa + 4, len, 4);
    sum(pa, len, 9);
}

#define RSDP 0xf5000
#define ROOT 0x10000
#define MADT 0x11000
#define FADT 0x12000
#define HPET 0x13000

static uint32_t self_id(void)
{
    return cpuid(1, 0).ebx >> 24;
}

static size_t madt_entries;

static void entry(const void *bytes, unsigned len)
{
    memcpy(memory + MADT + 44 + madt_entries, bytes, len);
    madt_entries += len;
}

static void cpu_entry(uint8_t acpi, uint8_t apic, uint8_t flags)
{
    entry((uint8_t[]){ 0, 8, acpi, apic, flags, 0, 0, 0 }, 8);
}

static void firmware(bool xsdt)
{
    unsigned step = xsdt ? 8 : 4;

    memset(memory, 0, sizeof(memory));
    madt_entries = 0;
    nr_maps = 0;
    warnings = 0;
    put(MADT + 36, 0xfee00000, 4);
    cpu_entry(7, (uint8_t)(self_id() + 1), 1);
    cpu_entry(8, (uint8_t)self_id(), 1);
    cpu_entry(9, (uint8_t)(self_id() + 2), 0);
    entry((uint8_t[]){ 1, 12, 3, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0 }, 12);
    entry((uint8_t[]){ 2, 10, 0, 0, 2, 0, 0, 0, 0, 0 }, 10);
    entry((uint8_t[]){ 2, 10, 0, 9, 20, 0, 0, 0, 0x0f, 0 }, 10);
    entry((uint8_t[]){ 0x7f, 5, 1, 2, 3 }, 5);
    table(MADT, "APIC", (uint32_t)(44 + madt_entries));
    put(FADT + 64, 0x604, 4);
    put(FADT + 76, 0x608, 4);
    put(FADT + 112, 1u << 10 | 1u << 8, 4);
    memory[FADT + 116] = 1;
    put(FADT + 120, 0xcf9, 8);
    memory[FADT + 128] = 6;
    table(FADT, "FACP", 244);
    put(HPET + 44, 0xfed00000, 8);
    table(HPET, "HPET", 56);
    put(ROOT + 36, MADT, step);
    put(ROOT + 36 + step, FADT, step);
    put(ROOT + 36 + 2 * step, HPET, step);
    table(ROOT, xsdt ? "XSDT" : "RSDT", 36 + 3 * step);
    memcpy(memory + RSDP, "RSD PTR ", 8);
    memory[RSDP + 15] = xsdt ? 2 : 0;
    put(RSDP + 16, xsdt ? 0 : ROOT, 4);
    put(RSDP + 20, 36, 4);
    put(RSDP + 24, xsdt ? ROOT : 0, 8);
    sum(RSDP, 20, 8);
    sum(RSDP, 36, 32);
}

static void set_up(void)
{
    hw_services.map = map;
    hw_services.unmap = unmap;
    memset(&acpi_fixed, 0, sizeof(acpi_fixed));
}

static void check_good(void)
{
    size_t len;

    ck_assert_uint_eq(warnings, 0);
    ck_assert_uint_eq(acpi_cpu_count, 2);
    ck_assert_uint_eq(acpi_cpu_apic_id[0], self_id());
    ck_assert_uint_eq(acpi_cpu_acpi_id[0], 8);
    ck_assert_uint_eq(acpi_cpu_acpi_id[1], 7);
    ck_assert_uint_eq(acpi_ioapic_count, 1);
    ck_assert_uint_eq(acpi_ioapics[0].phys, 0xfec00000);
    ck_assert_uint_eq(acpi_isa_irqs[0].gsi, 2);
    ck_assert_uint_eq(acpi_isa_irqs[9].gsi, 20);
    ck_assert(acpi_isa_irqs[9].level && acpi_isa_irqs[9].active_low);
    ck_assert_uint_eq(acpi_isa_irqs[5].gsi, 5);
    ck_assert_uint_eq(acpi_fixed.pm1a_control, 0x604);
    ck_assert_uint_eq(acpi_fixed.pm_timer, 0x608);
    ck_assert(acpi_fixed.pm_timer_32);
    ck_assert_uint_eq(acpi_fixed.reset_port, 0xcf9);
    ck_assert_uint_eq(acpi_fixed.reset_value, 6);
    ck_assert_uint_eq(acpi_fixed.hpet_phys, 0xfed00000);
    ck_assert_ptr_nonnull(acpi_find("HPET", &len));
    ck_assert_uint_eq(len, 56);
    ck_assert_ptr_null(acpi_find("MCFG", &len));
}

START_TEST(rsdt_from_low_memory)
{
    firmware(false);
    acpi_init(0);
    check_good();
}
END_TEST

START_TEST(xsdt_from_the_loader)
{
    firmware(true);
    /* Not where a search would look. */
    memcpy(memory + 0x20004, memory + RSDP, 36);
    memset(memory + RSDP, 0, 36);
    acpi_init(0x20004);
    check_good();
}
END_TEST

START_TEST(rsdp_in_the_extended_bios_area)
{
    firmware(false);
    memcpy(memory + 0x9fc00 + 0x3f0 - 0x10, memory + RSDP, 36);
    memset(memory + RSDP, 0, 36);
    put(0x40e, 0x9fc0, 2);
    acpi_init(0);
    check_good();
}
END_TEST

START_TEST(damaged_table_is_left_out)
{
    size_t len;

    firmware(true);
    memory[HPET + 50]++;
    acpi_init(0);
    ck_assert_ptr_null(acpi_find("HPET", &len));
    ck_assert_uint_eq(acpi_fixed.hpet_phys, 0);
    ck_assert_uint_ge(warnings, 1);
    ck_assert_uint_eq(acpi_cpu_count, 2);
}
END_TEST

START_TEST(no_tables_leave_one_cpu)
{
    firmware(true);
    memory[RSDP]++;
    acpi_init(0);
    ck_assert_uint_eq(acpi_cpu_count, 1);
    ck_assert_uint_eq(acpi_cpu_apic_id[0], self_id());
}
END_TEST

/* Lengths, pointers and contents at random: nothing may be read outside of a mapping. */
START_TEST(hostile_bytes)
{
    srand((unsigned)_i);
    for (unsigned round = 0; round < 200; round++) {
        static const uint32_t places[] = { ROOT, MADT, FADT, HPET, RSDP };
        uint32_t at, lengths[] = { 0, 4, 35, 36, 37, 44, 45, 60, 0xffffffff, 0x100000, 0x80000000 };

        firmware(rand() & 1);
        for (int n = rand() % 6; n >= 0; n--) {
            at = places[rand() % 5];
            if (rand() & 1)
                memory[at + (unsigned)rand() % 120] = (uint8_t)rand();
            else if (at != RSDP)
                put(at + 4, lengths[(unsigned)rand() % 11], 4);
        }
        /* Checksums that fit, so that what is inside gets read. */
        for (unsigned i = 0; i < 4; i++) {
            uint32_t len;

            memcpy(&len, memory + places[i] + 4, 4);
            if (len >= 36 && len <= 0x1000)
                sum(places[i], len, 9);
        }
        sum(RSDP, 20, 8);
        sum(RSDP, 36, 32);
        acpi_init(0);
        ck_assert_uint_ge(acpi_cpu_count, 1);
        ck_assert_uint_le(acpi_ioapic_count, ACPI_MAX_IOAPICS);
        while (nr_maps)
            free(maps[--nr_maps]);
    }
}
END_TEST

START_TEST(madt_entries_that_lie)
{
    uint8_t t[64] = { 0 };

    ck_assert(!acpi_parse_madt(t, 43, 0));
    ck_assert(acpi_parse_madt(t, 44, 0));
    t[44] = 0;
    t[45] = 0; /* would never end */
    ck_assert(!acpi_parse_madt(t, 60, 0));
    t[45] = 7; /* shorter than its type */
    ck_assert(!acpi_parse_madt(t, 60, 0));
    t[45] = 17; /* beyond the table */
    ck_assert(!acpi_parse_madt(t, 60, 0));
    t[45] = 8;
    t[48] = 1;
    t[52] = 99;
    t[53] = 8; /* unknown, skipped */
    ck_assert(acpi_parse_madt(t, 60, 0));
    ck_assert_uint_eq(acpi_cpu_count, 1);
    ck_assert(!acpi_parse_madt(t, 61, 0)); /* one byte of an entry */
}
END_TEST

START_TEST(more_cpus_than_we_take)
{
    static uint8_t t[44 + 16 * 300];

    memset(t, 0, sizeof(t));
    for (unsigned i = 0; i < 300; i++) {
        uint8_t *e = t + 44 + 16 * i;

        e[0] = 9;
        e[1] = 16;
        e[4] = (uint8_t)i;
        e[5] = (uint8_t)(i >> 8);
        e[8] = 1;
    }
    ck_assert(acpi_parse_madt(t, sizeof(t), 100));
    ck_assert_uint_eq(acpi_cpu_count, MAX_CPUS);
    ck_assert_uint_eq(acpi_cpu_apic_id[0], 100);
    ck_assert_uint_eq(acpi_cpu_apic_id[1], 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("tables");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, rsdt_from_low_memory);
    tcase_add_test(tc, xsdt_from_the_loader);
    tcase_add_test(tc, rsdp_in_the_extended_bios_area);
    tcase_add_test(tc, damaged_table_is_left_out);
    tcase_add_test(tc, no_tables_leave_one_cpu);
    tcase_add_loop_test(tc, hostile_bytes, 0, 10);
    tcase_add_test(tc, madt_entries_that_lie);
    tcase_add_test(tc, more_cpus_than_we_take);
    return run_suite("acpi", tc);
}
