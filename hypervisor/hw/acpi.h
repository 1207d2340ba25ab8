/* SPDX-License-Identifier: MIT */
/* ACPI tables: finding them, the CPUs and interrupt controllers they list, and power-off. */
#ifndef HW_ACPI_H
#define HW_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define ACPI_MAX_IOAPICS 16

/* Enabled CPUs in MADT order, the boot CPU first. */
extern unsigned acpi_cpu_count;
extern uint32_t acpi_cpu_apic_id[MAX_CPUS];
extern uint32_t acpi_cpu_acpi_id[MAX_CPUS];

/* What the MADT says about interrupt controllers. */
struct acpi_ioapic {
    uint64_t phys;
    uint32_t gsi_base;
    uint8_t id;
};
extern unsigned acpi_ioapic_count;
extern struct acpi_ioapic acpi_ioapics[ACPI_MAX_IOAPICS];
/* How the sixteen ISA interrupts are wired. */
struct acpi_isa_irq {
    uint32_t gsi;
    bool level, active_low;
};
extern struct acpi_isa_irq acpi_isa_irqs[16];
extern uint64_t acpi_lapic_phys;

/* Fixed hardware, from the FADT and the HPET table; 0: absent. */
struct acpi_fixed {
    uint16_t pm1a_control, pm1b_control, pm_timer;
    bool pm_timer_32;           /* counts with 32 bits, else 24 */
    uint64_t hpet_phys;
    uint16_t reset_port;        /* 0: none, or it is not a port */
    uint8_t reset_value;
};
extern struct acpi_fixed acpi_fixed;

/* Finds the tables from the RSDP's address (0: search low memory); reads MADT, FADT, HPET. */
void acpi_init(uint64_t rsdp);
/* A mapped table by its four-letter signature, checksum verified; NULL when absent. */
const void *acpi_find(const char *signature, size_t *len);
/*
 * Writes the values dom0 prepared for PM1a/PM1b control: soft off. -ENODEV without the
 * registers; else does not return.
 */
int acpi_enter_s5(uint16_t pm1a, uint16_t pm1b);
/* Writes the reset port; returns when there is none or it had no effect. Any context. */
void acpi_reset(void);

/*
 * hw/acpi_madt.c: reads a MADT of len bytes, checksum verified. False: malformed; what was read up
 * to there counts. boot_apic_id: of the CPU that must come first.
 */
bool acpi_parse_madt(const void *table, size_t len, uint32_t boot_apic_id);

#endif
