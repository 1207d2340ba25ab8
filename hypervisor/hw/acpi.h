/* SPDX-License-Identifier: MIT */
/* ACPI tables: finding them, the CPUs and interrupt controllers they list, and power-off. */
#ifndef HW_ACPI_H
#define HW_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

/* Enabled CPUs in MADT order, the boot CPU first. */
extern unsigned acpi_cpu_count;
extern uint32_t acpi_cpu_apic_id[MAX_CPUS];
extern uint32_t acpi_cpu_acpi_id[MAX_CPUS];

/* Finds the tables from the boot loader's RSDP (0: search low memory) and reads MADT, FADT, HPET, MCFG. */
void acpi_init(uint64_t rsdp);
/* A mapped table by its four-letter signature, checksum verified; NULL when absent. */
const void *acpi_find(const char *signature, size_t *len);
/* Writes the values dom0 prepared for PM1a/PM1b control: soft off. -ENODEV without the registers; else does not return. */
int acpi_enter_s5(uint16_t pm1a, uint16_t pm1b);

#endif
