/* SPDX-License-Identifier: MIT */
/* ACPI tables: finding and checking them, the fixed hardware they name, and power-off. */
#include "hw/acpi.h"

#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/services.h"
#include "lib/errno.h"
#include "lib/string.h"

/* ACPI 6.4, 5.2.5 to 5.2.9; HPET specification 1.0a, 3.2.4. */
#define RSDP_V1_SIZE 20
#define RSDP_V2_SIZE 36
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24
#define HEADER_SIZE 36
#define HEADER_LENGTH 4

#define FADT_PM1A_CNT 64
#define FADT_PM1B_CNT 68
#define FADT_PM_TMR 76
#define FADT_FLAGS 112
#define FADT_RESET_REG 116
#define FADT_RESET_VALUE 128
#define FADT_X_PM1A_CNT 172
#define FADT_X_PM1B_CNT 184
#define FADT_X_PM_TMR 208
#define FADT_TMR_VAL_EXT (1u << 8)
#define FADT_RESET_SUP (1u << 10)
#define GAS_ADDRESS 4
#define GAS_SIZE 12
#define SPACE_MEMORY 0
#define SPACE_IO 1
#define HPET_ADDRESS 40
#define PM1_SLP_EN (1u << 13)

/* Firmware lists a few dozen; a longer list is corrupt. 1 MiB is more than any of them has. */
#define MAX_TABLES 128
#define MAX_TABLE_SIZE 0x100000

struct acpi_fixed acpi_fixed;

static struct table {
    const uint8_t *data;
    uint32_t len;
} tables[MAX_TABLES];
static unsigned nr_tables;

/* A field at a fixed offset; zero where the table is too short to have it. */
static uint64_t field(const struct table *t, unsigned offset, unsigned size)
{
    uint64_t v = 0;

    if (t->len >= offset + size)
        memcpy(&v, t->data + offset, size);
    return v;
}

static bool checksum_ok(const uint8_t *p, size_t len)
{
    uint8_t sum = 0;

    while (len--)
        sum += *p++;
    return sum == 0;
}

/* Maps the table at pa for good; false (nothing mapped): it cannot be one. */
static bool map_table(uint64_t pa, struct table *t)
{
    uint8_t *p = hw_services.map(pa, HEADER_SIZE, HW_MAP_RO);
    uint32_t len;

    if (!p)
        return false;
    memcpy(&len, p + HEADER_LENGTH, sizeof(len));
    hw_services.unmap(p, HEADER_SIZE);
    if (len < HEADER_SIZE || len > MAX_TABLE_SIZE)
        return false;
    p = hw_services.map(pa, len, HW_MAP_RO);
    if (!p)
        return false;
    /* The length may have changed only if the table is no memory at all. */
    if (memcmp(p + HEADER_LENGTH, &len, sizeof(len)) || !checksum_ok(p, len)) {
        printk(LOG_WARN, "ACPI: table %.4s at 0x%lx is damaged\n", (const char *)p,
               (unsigned long)pa);
        hw_services.unmap(p, len);
        return false;
    }
    *t = (struct table){ p, len };
    return true;
}

/* Checks a candidate of at least `room` bytes. */
static bool rsdp_ok(const uint8_t *p, size_t room)
{
    if (room < RSDP_V1_SIZE || memcmp(p, "RSD PTR ", 8) || !checksum_ok(p, RSDP_V1_SIZE))
        return false;
    return p[RSDP_REVISION] < 2 || (room >= RSDP_V2_SIZE && checksum_ok(p, RSDP_V2_SIZE));
}

static bool search_range(uint64_t start, size_t len, uint8_t rsdp[RSDP_V2_SIZE])
{
    const uint8_t *p = hw_services.map(start, len, HW_MAP_RO);
    bool found = false;

    if (!p)
        return false;
    for (size_t at = 0; !found && at + RSDP_V1_SIZE <= len; at += 16) {
        if (!rsdp_ok(p + at, len - at))
            continue;
        memcpy(rsdp, p + at, len - at < RSDP_V2_SIZE ? len - at : RSDP_V2_SIZE);
        found = true;
    }
    hw_services.unmap((void *)p, len);
    return found;
}

/* ACPI 5.2.5.1: the first KiB of the extended BIOS data area, then the BIOS's own memory. */
static bool search_low_memory(uint8_t rsdp[RSDP_V2_SIZE])
{
    uint8_t *bda = hw_services.map(0x400, 0x100, HW_MAP_RO);
    uint16_t segment = 0;

    if (bda) {
        memcpy(&segment, bda + 0x0e, sizeof(segment));
        hw_services.unmap(bda, 0x100);
    }
    return (segment && search_range((uint64_t)segment << 4, 1024, rsdp)) ||
           search_range(0xe0000, 0x20000, rsdp);
}

static void read_root(const struct table *root, unsigned entry_size)
{
    for (uint32_t at = HEADER_SIZE; at + entry_size <= root->len; at += entry_size) {
        uint64_t pa = field(root, at, entry_size);

        if (nr_tables == MAX_TABLES)
            break;
        if (pa && map_table(pa, &tables[nr_tables]))
            nr_tables++;
    }
}

static bool find_tables(uint64_t rsdp_phys)
{
    uint8_t rsdp[RSDP_V2_SIZE] = { 0 };
    struct table root;
    uint64_t pa = 0;
    uint32_t rsdt;

    if (!(rsdp_phys && search_range(rsdp_phys, RSDP_V2_SIZE, rsdp)) && !search_low_memory(rsdp))
        return false;
    if (rsdp[RSDP_REVISION] >= 2)
        memcpy(&pa, rsdp + RSDP_XSDT, sizeof(pa));
    if (pa && map_table(pa, &root) && !memcmp(root.data, "XSDT", 4)) {
        read_root(&root, 8);
        return true;
    }
    memcpy(&rsdt, rsdp + RSDP_RSDT, sizeof(rsdt));
    if (!rsdt || !map_table(rsdt, &root) || memcmp(root.data, "RSDT", 4))
        return false;
    read_root(&root, 4);
    return true;
}

static const struct table *find(const char *signature)
{
    for (unsigned i = 0; i < nr_tables; i++)
        if (!memcmp(tables[i].data, signature, 4))
            return &tables[i];
    return NULL;
}

const void *acpi_find(const char *signature, size_t *len)
{
    const struct table *t = find(signature);

    if (!t)
        return NULL;
    *len = t->len;
    return t->data;
}

/* The extended field when it is there and a port, else the old one. */
static uint16_t port(const struct table *fadt, unsigned old, unsigned extended)
{
    uint64_t x = field(fadt, extended + GAS_ADDRESS, 8);

    if (fadt->len >= extended + GAS_SIZE && fadt->data[extended] == SPACE_IO && x && x < 0x10000)
        return (uint16_t)x;
    return (uint16_t)field(fadt, old, 4);
}

static void read_fadt(const struct table *fadt)
{
    uint32_t flags = (uint32_t)field(fadt, FADT_FLAGS, 4);

    acpi_fixed.pm1a_control = port(fadt, FADT_PM1A_CNT, FADT_X_PM1A_CNT);
    acpi_fixed.pm1b_control = port(fadt, FADT_PM1B_CNT, FADT_X_PM1B_CNT);
    acpi_fixed.pm_timer = port(fadt, FADT_PM_TMR, FADT_X_PM_TMR);
    acpi_fixed.pm_timer_32 = flags & FADT_TMR_VAL_EXT;
    if ((flags & FADT_RESET_SUP) && fadt->len > FADT_RESET_VALUE &&
        fadt->data[FADT_RESET_REG] == SPACE_IO) {
        acpi_fixed.reset_port = field(fadt, FADT_RESET_REG + GAS_ADDRESS, 2);
        acpi_fixed.reset_value = fadt->data[FADT_RESET_VALUE];
    }
}

/* APIC id of the CPU we run on: CPUID 0xb where it is listed, for it has 32 bits there. */
static uint32_t own_apic_id(void)
{
    if (cpu_features.x2apic && cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx)
        return cpuid(0xb, 0).edx;
    return cpuid(1, 0).ebx >> 24;
}

void acpi_init(uint64_t rsdp)
{
    const struct table *t;
    uint32_t self = own_apic_id();

    nr_tables = 0;
    if (!find_tables(rsdp))
        printk(LOG_WARN, "ACPI: no tables\n");
    t = find("FACP");
    if (t)
        read_fadt(t);
    t = find("HPET");
    if (t && t->len >= HPET_ADDRESS + GAS_SIZE && t->data[HPET_ADDRESS] == SPACE_MEMORY)
        acpi_fixed.hpet_phys = field(t, HPET_ADDRESS + GAS_ADDRESS, 8);
    t = find("APIC");
    if (!acpi_parse_madt(t ? t->data : NULL, t ? t->len : 0, self))
        printk(LOG_WARN, "ACPI: the MADT is %s\n", t ? "malformed" : "missing");
    if (!acpi_cpu_count || acpi_cpu_apic_id[0] != self) {
        printk(LOG_WARN, "ACPI: the boot CPU is not in the MADT; only it is used\n");
        acpi_cpu_count = 1;
        acpi_cpu_apic_id[0] = self;
        acpi_cpu_acpi_id[0] = 0;
    }
    printk(LOG_INFO, "ACPI: %u tables, %u CPUs, %u IO-APICs\n", nr_tables, acpi_cpu_count,
           acpi_ioapic_count);
}

int acpi_enter_s5(uint16_t pm1a, uint16_t pm1b)
{
    if (!acpi_fixed.pm1a_control)
        return -ENODEV;
    irq_disable();
    outw(acpi_fixed.pm1a_control, pm1a & ~PM1_SLP_EN);
    if (acpi_fixed.pm1b_control)
        outw(acpi_fixed.pm1b_control, pm1b & ~PM1_SLP_EN);
    outw(acpi_fixed.pm1a_control, pm1a | PM1_SLP_EN);
    if (acpi_fixed.pm1b_control)
        outw(acpi_fixed.pm1b_control, pm1b | PM1_SLP_EN);
    for (;;)
        __asm__ volatile("hlt");
}

void acpi_reset(void)
{
    if (acpi_fixed.reset_port)
        outb(acpi_fixed.reset_port, acpi_fixed.reset_value);
}
