/* SPDX-License-Identifier: MIT */
/* PCI configuration space through ports 0xcf8/0xcfc. */
#include "hw/pci.h"

#include "hw/cpu.h"
#include "hw/spinlock.h"

/*
 * Our accesses and dom0's go through here one at a time. dom0's are carried out as they are:
 * dom0 is trusted with devices, so it may also overwrite what we programmed into an MSI capability;
 * it would only lose its own interrupts. Stock kernels leave those registers to us.
 */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

#define PCI_VENDOR 0x00
#define PCI_STATUS 0x06
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_CAPABILITIES 0x34
/* Capabilities start behind the header and are four bytes at least: more make a loop. */
#define MAX_CAPABILITIES 48

/* Taken in interrupt context: an irq's handler may mask an MSI. */
static struct spinlock config_lock = SPINLOCK_IRQ_INIT(LOCK_HW);

uint32_t pci_port_read(uint32_t cf8, unsigned offset, unsigned size)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + (offset & 3));
    unsigned long flags = spin_lock_irqsave(&config_lock);
    uint32_t value;

    outl(CONFIG_ADDRESS, cf8);
    value = size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
    spin_unlock_irqrestore(&config_lock, flags);
    return value;
}

void pci_port_write(uint32_t cf8, unsigned offset, unsigned size, uint32_t value)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + (offset & 3));
    unsigned long flags = spin_lock_irqsave(&config_lock);

    outl(CONFIG_ADDRESS, cf8);
    if (size == 1)
        outb(port, (uint8_t)value);
    else if (size == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
    spin_unlock_irqrestore(&config_lock, flags);
}

static uint32_t address(uint8_t bus, uint8_t devfn, unsigned reg)
{
    return CONFIG_ENABLE | (uint32_t)bus << 16 | (uint32_t)devfn << 8 | (reg & 0xfc);
}

uint32_t pci_read(uint8_t bus, uint8_t devfn, unsigned reg, unsigned size)
{
    return pci_port_read(address(bus, devfn, reg), reg & 3, size);
}

void pci_write(uint8_t bus, uint8_t devfn, unsigned reg, unsigned size, uint32_t value)
{
    pci_port_write(address(bus, devfn, reg), reg & 3, size, value);
}

bool pci_present(uint8_t bus, uint8_t devfn)
{
    uint32_t vendor = pci_read(bus, devfn, PCI_VENDOR, 2);

    return vendor != 0xffff && vendor != 0;
}

unsigned pci_find_capability(uint8_t bus, uint8_t devfn, uint8_t id)
{
    unsigned at;

    if (!(pci_read(bus, devfn, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
        return 0;
    at = pci_read(bus, devfn, PCI_CAPABILITIES, 1) & 0xfc;
    for (unsigned i = 0; i < MAX_CAPABILITIES && at >= 0x40; i++) {
        uint32_t head = pci_read(bus, devfn, at, 2);

        if ((head & 0xff) == id)
            return at;
        at = (head >> 8) & 0xfc;
    }
    return 0;
}
