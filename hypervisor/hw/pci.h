/* SPDX-License-Identifier: MIT */
/* PCI configuration space through ports 0xcf8/0xcfc, serialised against dom0's own use. */
#ifndef HW_PCI_H
#define HW_PCI_H

#include <stdbool.h>
#include <stdint.h>

uint32_t pci_read(uint8_t bus, uint8_t devfn, unsigned reg, unsigned size);
void pci_write(uint8_t bus, uint8_t devfn, unsigned reg, unsigned size, uint32_t value);
/* A function answers at that address. */
bool pci_present(uint8_t bus, uint8_t devfn);
/* Offset of the capability with that id in configuration space; 0: none. */
unsigned pci_find_capability(uint8_t bus, uint8_t devfn, uint8_t id);
/* dom0's data-port access at address latch `cf8` (offset 0..3 of 0xcfc). */
uint32_t pci_port_read(uint32_t cf8, unsigned offset, unsigned size);
void pci_port_write(uint32_t cf8, unsigned offset, unsigned size, uint32_t value);

#endif
