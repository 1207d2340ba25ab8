/* SPDX-License-Identifier: MIT */
/* The IO-APICs. */
#include "hw/ioapic.h"

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/irq.h"
#include "hw/panic.h"
#include "hw/services.h"
#include "hw/spinlock.h"

/* Intel 82093AA data sheet, section 3; the EOI register came with version 0x20. */
#define IOREGSEL 0
#define IOWIN (0x10 / 4)
#define REG_ID 0
#define REG_VERSION 1
#define REG_ARBITRATION 2
#define REG_ENTRY(pin) (0x10 + 2 * (pin))
#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

#define DEFAULT_PHYS 0xfec00000

static struct ioapic {
    uint64_t phys;
    volatile uint32_t *mmio;
    unsigned gsi_base, pins;
} ioapics[MAX_IOAPICS];
static unsigned nr_ioapics;
/* The select register and the window belong together. */
static struct spinlock ioapic_lock = SPINLOCK_IRQ_INIT(LOCK_HW);

static uint32_t reg_read(const struct ioapic *a, unsigned reg)
{
    a->mmio[IOREGSEL] = reg;
    return a->mmio[IOWIN];
}

static void reg_write(const struct ioapic *a, unsigned reg, uint32_t v)
{
    a->mmio[IOREGSEL] = reg;
    a->mmio[IOWIN] = v;
}

static void add(uint64_t phys, unsigned gsi_base)
{
    struct ioapic *a = &ioapics[nr_ioapics];
    uint32_t version;

    a->phys = phys;
    a->gsi_base = gsi_base;
    a->mmio = hw_services.map(phys, 0x1000, HW_MAP_MMIO);
    if (!a->mmio)
        panic("no room to map an IO-APIC");
    version = reg_read(a, REG_VERSION);
    a->pins = ((version >> 16) & 0xff) + 1;
    if (version == 0xffffffff || a->pins > 240 || gsi_base + a->pins > MAX_IRQS / 2) {
        printk(LOG_WARN, "IO-APIC at 0x%lx: GSI %u and version 0x%x make no sense\n",
               (unsigned long)phys, gsi_base, version);
        hw_services.unmap((void *)a->mmio, 0x1000);
        return;
    }
    nr_ioapics++;
    for (unsigned pin = 0; pin < a->pins; pin++) {
        reg_write(a, REG_ENTRY(pin), ENTRY_MASKED);
        reg_write(a, REG_ENTRY(pin) + 1, 0);
    }
    if (gsi_base + a->pins > nr_gsis)
        nr_gsis = gsi_base + a->pins;
    printk(LOG_INFO, "IO-APIC at 0x%lx: GSI %u-%u\n", (unsigned long)phys, gsi_base,
           gsi_base + a->pins - 1);
}

void ioapic_init(void)
{
    unsigned long flags = spin_lock_irqsave(&ioapic_lock);

    for (unsigned i = 0; i < acpi_ioapic_count && i < MAX_IOAPICS; i++)
        if (acpi_ioapics[i].gsi_base < MAX_IRQS)
            add(acpi_ioapics[i].phys, acpi_ioapics[i].gsi_base);
    if (!nr_ioapics)
        add(DEFAULT_PHYS, 0);
    spin_unlock_irqrestore(&ioapic_lock, flags);
    if (!nr_ioapics)
        panic("this machine has no IO-APIC");
}

unsigned ioapic_count(void)
{
    return nr_ioapics;
}

uint64_t ioapic_phys(unsigned n)
{
    return ioapics[n].phys;
}

static const struct ioapic *find(unsigned gsi, unsigned *pin)
{
    for (unsigned i = 0; i < nr_ioapics; i++) {
        const struct ioapic *a = &ioapics[i];

        if (gsi >= a->gsi_base && gsi - a->gsi_base < a->pins) {
            *pin = gsi - a->gsi_base;
            return a;
        }
    }
    return NULL;
}

bool ioapic_has_gsi(unsigned gsi)
{
    unsigned pin;

    return find(gsi, &pin) != NULL;
}

void ioapic_route(unsigned gsi, const struct ioapic_route *r)
{
    unsigned pin;
    const struct ioapic *a = find(gsi, &pin);
    uint32_t low = r->vector | (r->level ? ENTRY_LEVEL : 0) |
                   (r->active_low ? ENTRY_ACTIVE_LOW : 0);
    unsigned long flags;

    if (!a)
        return;
    flags = spin_lock_irqsave(&ioapic_lock);
    reg_write(a, REG_ENTRY(pin), low | ENTRY_MASKED);
    reg_write(a, REG_ENTRY(pin) + 1, r->apic_id << 24);
    if (!r->masked)
        reg_write(a, REG_ENTRY(pin), low);
    spin_unlock_irqrestore(&ioapic_lock, flags);
}

void ioapic_mask(unsigned gsi, bool masked)
{
    unsigned pin;
    const struct ioapic *a = find(gsi, &pin);
    unsigned long flags;
    uint32_t low;

    if (!a)
        return;
    flags = spin_lock_irqsave(&ioapic_lock);
    low = reg_read(a, REG_ENTRY(pin)) & ~ENTRY_MASKED;
    reg_write(a, REG_ENTRY(pin), masked ? low | ENTRY_MASKED : low);
    /* Reading back makes the posted write arrive before what follows. */
    (void)reg_read(a, REG_ENTRY(pin));
    spin_unlock_irqrestore(&ioapic_lock, flags);
}

bool ioapic_guest_read(uint64_t phys, uint32_t reg, uint32_t *value)
{
    for (unsigned i = 0; i < nr_ioapics; i++) {
        const struct ioapic *a = &ioapics[i];
        unsigned long flags;

        if (a->phys != phys)
            continue;
        if (reg > REG_ARBITRATION && (reg < REG_ENTRY(0) || reg >= REG_ENTRY(a->pins)))
            return false;
        flags = spin_lock_irqsave(&ioapic_lock);
        *value = reg_read(a, reg);
        spin_unlock_irqrestore(&ioapic_lock, flags);
        return true;
    }
    return false;
}
