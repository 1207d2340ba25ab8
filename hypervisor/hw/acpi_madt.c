/* SPDX-License-Identifier: MIT */
/* The MADT: CPUs, IO-APICs, and how ISA interrupts are wired. */
#include <stdbool.h>

#include "hw/acpi.h"
#include "hw/console.h"
#include "lib/string.h"

/* ACPI 6.4, 5.2.12. Entries are packed; fields are read by offset so that none is misaligned. */
#define MADT_LAPIC_ADDRESS 36
#define MADT_ENTRIES 44
#define ENTRY_LAPIC 0
#define ENTRY_IOAPIC 1
#define ENTRY_OVERRIDE 2
#define ENTRY_LAPIC_ADDRESS 5
#define ENTRY_X2APIC 9
#define CPU_ENABLED 1
#define ISA_BUS 0
#define POLARITY(flags) ((flags) & 3)
#define TRIGGER(flags) (((flags) >> 2) & 3)
#define ACTIVE_LOW 3
#define LEVEL 3

unsigned acpi_cpu_count;
uint32_t acpi_cpu_apic_id[MAX_CPUS];
uint32_t acpi_cpu_acpi_id[MAX_CPUS];
unsigned acpi_ioapic_count;
struct acpi_ioapic acpi_ioapics[ACPI_MAX_IOAPICS];
struct acpi_isa_irq acpi_isa_irqs[16];
uint64_t acpi_lapic_phys = 0xfee00000;

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint16_t get16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static void add_cpu(uint32_t apic_id, uint32_t acpi_id, uint32_t flags, uint32_t boot_apic_id)
{
    unsigned at;

    if (!(flags & CPU_ENABLED))
        return;
    for (unsigned i = 0; i < acpi_cpu_count; i++)
        if (acpi_cpu_apic_id[i] == apic_id)
            return; /* firmware may list a CPU as both kinds of entry */
    if (acpi_cpu_count == MAX_CPUS) {
        printk(LOG_WARN, "ACPI: more than %u CPUs; APIC id %u is left out\n", MAX_CPUS, apic_id);
        return;
    }
    at = acpi_cpu_count++;
    if (apic_id == boot_apic_id) {
        memmove(acpi_cpu_apic_id + 1, acpi_cpu_apic_id, at * sizeof(*acpi_cpu_apic_id));
        memmove(acpi_cpu_acpi_id + 1, acpi_cpu_acpi_id, at * sizeof(*acpi_cpu_acpi_id));
        at = 0;
    }
    acpi_cpu_apic_id[at] = apic_id;
    acpi_cpu_acpi_id[at] = acpi_id;
}

static void add_ioapic(uint8_t id, uint32_t phys, uint32_t gsi_base)
{
    if (acpi_ioapic_count == ACPI_MAX_IOAPICS || !phys) {
        printk(LOG_WARN, "ACPI: IO-APIC %u at 0x%x is left out\n", id, phys);
        return;
    }
    acpi_ioapics[acpi_ioapic_count++] =
        (struct acpi_ioapic){ .phys = phys, .gsi_base = gsi_base, .id = id };
}

/* Polarity and trigger 0 mean "as the bus has it": ISA is edge, active high. */
static void add_override(uint8_t bus, uint8_t source, uint32_t gsi, uint16_t flags)
{
    if (bus != ISA_BUS || source >= 16)
        return;
    acpi_isa_irqs[source] = (struct acpi_isa_irq){
        .gsi = gsi,
        .level = TRIGGER(flags) == LEVEL,
        .active_low = POLARITY(flags) == ACTIVE_LOW,
    };
}

/* The least length of an entry of a type we read; other types are skipped whatever they hold. */
static unsigned entry_size(uint8_t type)
{
    switch (type) {
    case ENTRY_LAPIC: return 8;
    case ENTRY_IOAPIC: return 12;
    case ENTRY_OVERRIDE: return 10;
    case ENTRY_LAPIC_ADDRESS: return 12;
    case ENTRY_X2APIC: return 16;
    default: return 2;
    }
}

static void read_entry(const uint8_t *e, uint32_t boot_apic_id)
{
    switch (e[0]) {
    case ENTRY_LAPIC:
        add_cpu(e[3], e[2], get32(e + 4), boot_apic_id);
        break;
    case ENTRY_X2APIC:
        add_cpu(get32(e + 4), get32(e + 12), get32(e + 8), boot_apic_id);
        break;
    case ENTRY_IOAPIC:
        add_ioapic(e[2], get32(e + 4), get32(e + 8));
        break;
    case ENTRY_OVERRIDE:
        add_override(e[2], e[3], get32(e + 4), get16(e + 8));
        break;
    case ENTRY_LAPIC_ADDRESS:
        acpi_lapic_phys = get64(e + 4);
        break;
    }
}

bool acpi_parse_madt(const void *table, size_t len, uint32_t boot_apic_id)
{
    const uint8_t *t = table;

    acpi_cpu_count = acpi_ioapic_count = 0;
    for (unsigned i = 0; i < 16; i++)
        acpi_isa_irqs[i] = (struct acpi_isa_irq){ .gsi = i };
    if (len < MADT_ENTRIES)
        return false;
    acpi_lapic_phys = get32(t + MADT_LAPIC_ADDRESS);
    for (size_t at = MADT_ENTRIES; at < len;) {
        if (len - at < 2 || t[at + 1] < entry_size(t[at]) || t[at + 1] > len - at)
            return false;
        read_entry(t + at, boot_apic_id);
        at += t[at + 1];
    }
    return true;
}
