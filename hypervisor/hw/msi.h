/* SPDX-License-Identifier: MIT */
/* The device's half of message-signalled interrupts: capabilities and MSI-X tables. */
#ifndef HW_MSI_H
#define HW_MSI_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/irq.h"

struct msi_source; /* one MSI-X entry, or one MSI capability with its messages */

/*
 * Finds the capability and reserves the entry; nothing is programmed yet. count > 1: that many
 * messages of plain MSI (a power of two). -ENODEV: no such device; -EINVAL: no such capability or
 * entry, or not that many; -EBUSY: in use; -ENOMEM.
 */
int msi_open(const struct msi_target *t, unsigned count, struct msi_source **out);
/* Programs the address and data of message 0. */
void msi_program(struct msi_source *s, uint32_t apic_id, uint8_t vector);
/* Turns the function's MSI or MSI-X on, as its driver has done once already. */
void msi_enable(struct msi_source *s);
/* Masks message i where the device can. */
void msi_mask(struct msi_source *s, unsigned i, bool masked);
/* Silences the device and forgets the source. */
void msi_close(struct msi_source *s);

#endif
