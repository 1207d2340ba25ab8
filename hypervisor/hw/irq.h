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
#define MAX_IRQS 1024

/* Boot CPU, ACPI tables read: silences the PICs, brings up its local APIC and the IO-APICs. */
void irq_init(void);
/* exceptions.S enters here, interrupts off, for every vector from 0x20. */
struct trap_frame;
void irq_entry(struct trap_frame *f);

/* Binds a handler; -EBUSY when taken, -EINVAL when there is no such irq, -ENOSPC without a vector. */
int irq_request(unsigned irq, irq_handler_t *fn, void *arg);
void irq_free(unsigned irq);
/* For a guest, which acknowledges later: a level-triggered line stays masked until irq_guest_eoi. */
int irq_request_guest(unsigned irq, irq_handler_t *fn, void *arg);
/* The guest's end of interrupt. Harmless when none is outstanding. */
void irq_guest_eoi(unsigned irq);
void irq_mask(unsigned irq);
void irq_unmask(unsigned irq);
bool irq_is_level(unsigned irq);
bool irq_exists(unsigned irq);
/* The vector that the irq arrives at; 0: none yet. */
uint8_t irq_vector(unsigned irq);
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
 * Allocates an irq and programs the device's MSI or MSI-X entry (through PCI configuration space
 * and the table). Returns the irq, or -ENODEV, -EBUSY, -ENOSPC, -ENOMEM, -EINVAL (no such
 * capability, entry beyond the table).
 */
int msi_map(const struct msi_target *t);
/* As msi_map for `count` messages of plain MSI: the irqs are consecutive from the one returned. */
int msi_map_multi(const struct msi_target *t, unsigned count);
/* Undoes one msi_map; of several messages each is unmapped, the last one silences the device. */
void msi_unmap(unsigned irq);
/* The device has lost its configuration: programs its messages again. -ENODEV when it has none. */
int msi_restore(uint16_t seg, uint8_t bus, uint8_t devfn);

#endif
