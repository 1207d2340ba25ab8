/* SPDX-License-Identifier: MIT */
// sources: hw/msi.c
/* MSI and MSI-X capabilities: what is programmed where, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "hw/msi.h"
#include "hw/pci.h"
#include "hw/services.h"
#include "hw/spinlock.h"
#include "lib/errno.h"
#include "suite.h"

/* Stand-ins: one device, 01:02.0, with both capabilities; a table of eight entries. */
#define BUS 1
#define DEVFN 0x10
#define MSI 0x50
#define MSIX 0x70
#define TABLE 0xfeb01000ULL
struct hw_services hw_services;
static uint8_t config[256];
static uint32_t table[8][4];
static unsigned mapped;
static bool ram, no_msi;

bool pci_present(uint8_t bus, uint8_t devfn) { return bus == BUS && devfn == DEVFN; }
uint32_t pci_read(uint8_t bus, uint8_t devfn, unsigned reg, unsigned size)
{
    uint32_t v = 0;

    ck_assert_uint_le(reg + size, 256);
    memcpy(&v, config + reg, size);
    return v;
}
void pci_write(uint8_t bus, uint8_t devfn, unsigned reg, unsigned size, uint32_t value)
{
    ck_assert(pci_present(bus, devfn));
    ck_assert_uint_le(reg + size, 256);
    memcpy(config + reg, &value, size);
}
unsigned pci_find_capability(uint8_t bus, uint8_t devfn, uint8_t id)
{
    return id == 5 ? (no_msi ? 0 : MSI) : id == 0x11 ? MSIX : 0;
}
unsigned long spin_lock_irqsave(struct spinlock *l) { return 0; }
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags) { }

static void *map(uint64_t pa, size_t len, unsigned prot)
{
    ck_assert_uint_eq(prot, HW_MAP_MMIO);
    ck_assert_uint_ge(pa, TABLE);
    ck_assert_uint_le(pa + len, TABLE + sizeof(table));
    mapped++;
    return (char *)table + (pa - TABLE);
}
static void unmap(void *va, size_t len) { mapped--; }
static void *alloc(size_t size) { return calloc(1, size); }
static bool is_ram(uint64_t mfn) { return ram; }

static void set(unsigned at, unsigned size, uint64_t v) { memcpy(config + at, &v, size); }
static uint32_t get(unsigned at, unsigned size) { return pci_read(BUS, DEVFN, at, size); }

static void set_up(void)
{
    hw_services = (struct hw_services){ map, unmap, alloc, free, is_ram };
    memset(config, 0, sizeof(config));
    memset(table, 0, sizeof(table));
    mapped = 0;
    ram = no_msi = false;
    set(0x04, 2, 2);                    /* memory decoding is on */
    set(0x18, 4, 0xfeb00000 | 4);       /* BAR 2 and 3: 64 bits */
    set(MSI + 2, 2, 0x0180 | 2 << 1);   /* four messages, 64 bits, masks */
    set(MSIX + 2, 2, 7);
    set(MSIX + 4, 4, 0x1000 | 2);
}

static const struct msi_target plain = { .bus = BUS, .devfn = DEVFN };

static struct msi_target entry(unsigned n)
{
    return (struct msi_target){ .bus = BUS, .devfn = DEVFN, .entry = (uint16_t)n,
                                .msix_table = 0xfeb00000 };
}

START_TEST(plain_messages)
{
    struct msi_source *s, *again;

    ck_assert_int_eq(msi_open(&plain, 4, &s), 0);
    ck_assert_int_eq(msi_open(&plain, 1, &again), -EBUSY);
    msi_program(s, 3, 0x44);
    ck_assert_uint_eq(get(MSI + 4, 4), 0xfee03000);
    ck_assert_uint_eq(get(MSI + 8, 4), 0);
    ck_assert_uint_eq(get(MSI + 12, 2), 0x44);
    ck_assert_uint_eq(get(MSI + 2, 2), 0x0184 | 2 << 4);
    msi_mask(s, 2, true);
    ck_assert_uint_eq(get(MSI + 16, 4), 1 << 2);
    msi_mask(s, 2, false);
    ck_assert_uint_eq(get(MSI + 16, 4), 0);
    msi_enable(s);
    ck_assert(get(MSI + 2, 2) & 1);
    msi_close(s);
    ck_assert(!(get(MSI + 2, 2) & 1));
    ck_assert_int_eq(msi_open(&plain, 1, &s), 0);
    msi_close(s);
}
END_TEST

START_TEST(plain_with_32_bits)
{
    struct msi_source *s;

    set(MSI + 2, 2, 0);
    ck_assert_int_eq(msi_open(&plain, 2, &s), -EINVAL);
    ck_assert_int_eq(msi_open(&plain, 1, &s), 0);
    set(MSI + 12, 4, 0x5a5a5a5a);
    msi_program(s, 255, 0x31);
    ck_assert_uint_eq(get(MSI + 4, 4), 0xfeeff000);
    ck_assert_uint_eq(get(MSI + 8, 2), 0x31);
    msi_mask(s, 0, true); /* it has no masks */
    ck_assert_uint_eq(get(MSI + 12, 4), 0x5a5a5a5a);
    msi_close(s);
}
END_TEST

START_TEST(table_entries)
{
    struct msi_source *s[8], *again;

    for (unsigned i = 0; i < 8; i++) {
        struct msi_target t = entry(i);

        ck_assert_int_eq(msi_open(&t, 1, &s[i]), 0);
        ck_assert_int_eq(msi_open(&t, 1, &again), -EBUSY);
        msi_program(s[i], i, (uint8_t)(0x40 + i));
        msi_mask(s[i], 0, i & 1);
        ck_assert_uint_eq(table[i][0], 0xfee00000 | i << 12);
        ck_assert_uint_eq(table[i][1], 0);
        ck_assert_uint_eq(table[i][2], 0x40 + i);
        ck_assert_uint_eq(table[i][3], i & 1);
    }
    ck_assert_int_eq(msi_open(&plain, 1, &again), -EBUSY);
    ck_assert_uint_eq(mapped, 8);
    set(MSIX + 2, 2, 7 | 0x4000);
    msi_enable(s[0]);
    ck_assert_uint_eq(get(MSIX + 2, 2), 0x8007);
    for (unsigned i = 0; i < 8; i++) {
        msi_close(s[i]);
        ck_assert_uint_eq(table[i][3], 1);
    }
    ck_assert_uint_eq(mapped, 0);
}
END_TEST

START_TEST(refusals)
{
    struct msi_target t = entry(8);
    struct msi_source *s;

    ck_assert_int_eq(msi_open(&t, 1, &s), -EINVAL); /* beyond the table */
    t = entry(0xffff);
    ck_assert_int_eq(msi_open(&t, 1, &s), -EINVAL);
    t = entry(0);
    ck_assert_int_eq(msi_open(&t, 2, &s), -EINVAL); /* MSI-X entries come one by one */
    ck_assert_int_eq(msi_open(&plain, 3, &s), -EINVAL);
    ck_assert_int_eq(msi_open(&plain, 0, &s), -EINVAL);
    ck_assert_int_eq(msi_open(&plain, 8, &s), -EINVAL);
    ck_assert_int_eq(msi_open(&plain, 0x80000000, &s), -EINVAL);
    t.seg = 1;
    ck_assert_int_eq(msi_open(&t, 1, &s), -ENODEV);
    t = entry(0);
    t.bus = 9;
    ck_assert_int_eq(msi_open(&t, 1, &s), -ENODEV);
    no_msi = true;
    ck_assert_int_eq(msi_open(&plain, 1, &s), -EINVAL);
    t = entry(0);
    ram = true; /* the BAR was put on somebody's memory */
    ck_assert_int_eq(msi_open(&t, 1, &s), -EINVAL);
    ram = false;
    set(0x04, 2, 0); /* the device does not decode memory */
    ck_assert_int_eq(msi_open(&t, 1, &s), -EINVAL);
    set(0x04, 2, 2);
    set(0x18, 4, 0x1001); /* ports */
    t.msix_table = 8;
    ck_assert_int_eq(msi_open(&t, 1, &s), -EINVAL);
    set(MSIX + 4, 4, 0x1000 | 7); /* there is no such BAR */
    ck_assert_int_eq(msi_open(&t, 1, &s), -EINVAL);
    ck_assert_uint_eq(mapped, 0);
}
END_TEST

START_TEST(virtual_function_says_where_its_table_is)
{
    struct msi_target t = entry(1);
    struct msi_source *s;

    set(0x18, 4, 0);
    ck_assert_int_eq(msi_open(&t, 1, &s), 0);
    msi_program(s, 0, 0x55);
    ck_assert_uint_eq(table[1][2], 0x55);
    msi_close(s);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("msi");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, plain_messages);
    tcase_add_test(tc, plain_with_32_bits);
    tcase_add_test(tc, table_entries);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, virtual_function_says_where_its_table_is);
    return run_suite("msi", tc);
}
