/* SPDX-License-Identifier: MIT */
/* The IO-APICs: redirection entries of the global system interrupts. */
#ifndef HW_IOAPIC_H
#define HW_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_IOAPICS 16

/* Maps all IO-APICs that firmware lists and masks every entry. Sets nr_gsis. */
void ioapic_init(void);
unsigned ioapic_count(void);
/* Physical address of the n-th one's registers, which no domain may map. */
uint64_t ioapic_phys(unsigned n);
/* A GSI that some IO-APIC serves. */
bool ioapic_has_gsi(unsigned gsi);

struct ioapic_route {
    uint8_t vector;
    uint32_t apic_id;
    bool level, active_low, masked;
};
/* Writes the entry, masked while it changes. */
void ioapic_route(unsigned gsi, const struct ioapic_route *r);
void ioapic_mask(unsigned gsi, bool masked);

/* dom0 reading registers: the real contents. False: no such IO-APIC or register. */
bool ioapic_guest_read(uint64_t phys, uint32_t reg, uint32_t *value);

#endif
