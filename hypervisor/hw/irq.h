/* SPDX-License-Identifier: MIT */
/* Interrupt descriptors: vectors, IO-APIC lines and MSIs, and the handlers bound to them. */
#ifndef HW_IRQ_H
#define HW_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/spinlock.h"

/*
 * irq numbers: 0..nr_gsis-1 are GSIs; above are allocated for MSI messages. Handlers run in
 * interrupt context with interrupts off.
 */
typedef void irq_handler_t(unsigned irq, void *arg);

extern unsigned nr_gsis;

/* Binds a handler; -EBUSY when taken, -EINVAL when the irq does not exist or belongs to us (timer, UART). */
int irq_request(unsigned irq, irq_handler_t *fn, void *arg);
void irq_free(unsigned irq);
/* For handlers whose owner acknowledges later (guests): the line stays masked or un-EOI'd until irq_eoi. */
int irq_request_guest(unsigned irq, irq_handler_t *fn, void *arg);
/* The guest's end of interrupt. Harmless when none is outstanding. */
void irq_guest_eoi(unsigned irq);
void irq_mask(unsigned irq);
void irq_unmask(unsigned irq);
bool irq_is_level(unsigned irq);
/* Sets a GSI's trigger and polarity. -EBUSY if in use with other ones. */
int gsi_setup(unsigned gsi, bool level, bool active_low);
/* Directs an irq to a CPU. */
int irq_set_affinity(unsigned irq, unsigned cpu);

struct msi_target {
    uint16_t seg;
    uint8_t bus, devfn;
    uint16_t entry;          /* MSI-X: table index; MSI: 0 */
    uint64_t msix_table;     /* MSI-X: physical address of the table's BAR region, 0: plain MSI */
};
/*
 * Allocates an irq and programs the device's MSI or MSI-X entry (through PCI configuration space and the
 * table). Returns the irq, or -ENODEV, -ENOSPC, -EINVAL (no such capability, entry beyond the table).
 */
int msi_map(const struct msi_target *t);
void msi_unmap(unsigned irq);

#endif
