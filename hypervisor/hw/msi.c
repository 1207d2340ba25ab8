/* SPDX-License-Identifier: MIT */
/* The device's half of message-signalled interrupts. */
#include "hw/msi.h"

#include "hw/pci.h"
#include "hw/services.h"
#include "hw/spinlock.h"
#include "lib/errno.h"
#include "lib/list.h"

/* PCI local bus specification 3.0, 6.1 and 6.8. */
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x2
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR(n) (0x10 + 4 * (n))
#define BAR_IO 0x1
#define BAR_64 0x4
#define CAP_MSI 0x05
#define CAP_MSIX 0x11

#define CONTROL 2
#define MSI_ENABLE 0x1
#define MSI_CAPABLE(c) (1u << (((c) >> 1) & 7))
#define MSI_COUNT_SHIFT 4
#define MSI_COUNT_MASK 0x70
#define MSI_64 0x80
#define MSI_MASKS 0x100
#define MSI_ADDRESS 4
#define MSI_ADDRESS_HIGH 8

#define MSIX_ENABLE 0x8000
#define MSIX_MASK_ALL 0x4000
#define MSIX_TABLE 4
#define MSIX_ENTRY_SIZE 16
#define MSIX_ENTRY_MASKED 1

/* SDM vol. 3, 11.11: physical destination, fixed delivery, edge. */
#define MESSAGE_ADDRESS(apic_id) (0xfee00000u | ((apic_id) & 0xff) << 12)

struct msi_source {
    struct list_head list;
    uint8_t bus, devfn;
    uint8_t cap;                   /* offset of the capability */
    bool msix;
    uint16_t entry;                /* MSI-X */
    uint16_t count;                /* messages */
    uint16_t control;              /* plain MSI: what the device can do */
    volatile uint32_t *table;      /* MSI-X: the mapped entry */
};

static struct list_head sources = LIST_HEAD_INIT(sources);
static struct spinlock sources_lock = SPINLOCK_IRQ_INIT(LOCK_HW);

static uint32_t cap_read(const struct msi_source *s, unsigned at, unsigned size)
{
    return pci_read(s->bus, s->devfn, s->cap + at, size);
}

static void cap_write(const struct msi_source *s, unsigned at, unsigned size, uint32_t v)
{
    pci_write(s->bus, s->devfn, s->cap + at, size, v);
}

/* Where register n's window of memory lies; 0: it is none. */
static uint64_t bar_address(uint8_t bus, uint8_t devfn, unsigned n)
{
    unsigned bars = (pci_read(bus, devfn, PCI_HEADER_TYPE, 1) & 0x7f) == 0 ? 6 : 2;
    uint32_t low;
    uint64_t address;

    if (n >= bars)
        return 0;
    low = pci_read(bus, devfn, PCI_BAR(n), 4);
    if (low & BAR_IO)
        return 0;
    address = low & ~0xfu;
    if ((low & 6) == BAR_64) {
        if (n + 1 >= bars)
            return 0;
        address |= (uint64_t)pci_read(bus, devfn, PCI_BAR(n + 1), 4) << 32;
    }
    return address;
}

/* Maps the table entry. t->msix_table helps with virtual functions, whose own BARs read as zero. */
static int open_msix(struct msi_source *s, const struct msi_target *t)
{
    uint32_t control = cap_read(s, CONTROL, 2), where = cap_read(s, MSIX_TABLE, 4);
    uint64_t base;

    if (t->entry > (control & 0x7ff))
        return -EINVAL;
    if (!(pci_read(s->bus, s->devfn, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
        return -EINVAL;
    base = bar_address(s->bus, s->devfn, where & 7);
    if (!base)
        base = t->msix_table;
    base += where & ~7u;
    base += (uint64_t)t->entry * MSIX_ENTRY_SIZE;
    /* A table on RAM is a BAR that was set up wrongly: we would write to somebody's memory. */
    if (base < 0x100000 || base >> 52 || base % 8 || hw_services.is_ram(base >> 12))
        return -EINVAL;
    s->table = hw_services.map(base, MSIX_ENTRY_SIZE, HW_MAP_MMIO);
    if (!s->table)
        return -ENOMEM;
    s->entry = t->entry;
    return 0;
}

static int open_msi(struct msi_source *s, unsigned count)
{
    s->control = (uint16_t)cap_read(s, CONTROL, 2);
    return count > MSI_CAPABLE(s->control) || count > 32 ? -EINVAL : 0;
}

/* Adds it unless what it names is taken. */
static bool enlist(struct msi_source *s)
{
    unsigned long flags = spin_lock_irqsave(&sources_lock);
    struct msi_source *other;
    bool fine = true;

    list_for_each_entry(other, &sources, list) {
        /* A function uses plain MSI or MSI-X, and plain MSI once. */
        if (other->bus == s->bus && other->devfn == s->devfn &&
            !(other->msix && s->msix && other->entry != s->entry))
            fine = false;
    }
    if (fine)
        list_add_tail(&s->list, &sources);
    spin_unlock_irqrestore(&sources_lock, flags);
    return fine;
}

int msi_open(const struct msi_target *t, unsigned count, struct msi_source **out)
{
    struct msi_source *s;
    int rc;

    if (!count || (count & (count - 1)) || (t->msix_table && count > 1))
        return -EINVAL;
    if (t->seg || !pci_present(t->bus, t->devfn))
        return -ENODEV;
    s = hw_services.alloc(sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->bus = t->bus;
    s->devfn = t->devfn;
    s->msix = t->msix_table != 0;
    s->count = (uint16_t)count;
    s->cap = (uint8_t)pci_find_capability(t->bus, t->devfn, s->msix ? CAP_MSIX : CAP_MSI);
    rc = !s->cap ? -EINVAL : s->msix ? open_msix(s, t) : open_msi(s, count);
    if (rc)
        goto fail;
    if (!enlist(s)) {
        rc = -EBUSY;
        if (s->table)
            hw_services.unmap((void *)s->table, MSIX_ENTRY_SIZE);
        goto fail;
    }
    *out = s;
    return 0;
fail:
    hw_services.release(s);
    return rc;
}

/* The vector stays, so moving an MSI to another CPU is one write that a device cannot tear. */
void msi_program(struct msi_source *s, uint32_t apic_id, uint8_t vector)
{
    unsigned data = s->control & MSI_64 ? MSI_ADDRESS_HIGH + 4 : MSI_ADDRESS_HIGH;
    uint32_t control;

    if (s->msix) {
        s->table[0] = MESSAGE_ADDRESS(apic_id);
        s->table[1] = 0;
        s->table[2] = vector;
        return;
    }
    cap_write(s, MSI_ADDRESS, 4, MESSAGE_ADDRESS(apic_id));
    if (s->control & MSI_64)
        cap_write(s, MSI_ADDRESS_HIGH, 4, 0);
    cap_write(s, data, 2, vector);
    control = cap_read(s, CONTROL, 2) & ~(uint32_t)MSI_COUNT_MASK;
    cap_write(s, CONTROL, 2, control | (uint32_t)__builtin_ctz(s->count) << MSI_COUNT_SHIFT);
}

void msi_enable(struct msi_source *s)
{
    uint32_t control = cap_read(s, CONTROL, 2);

    if (s->msix)
        cap_write(s, CONTROL, 2, (control | MSIX_ENABLE) & ~(uint32_t)MSIX_MASK_ALL);
    else
        cap_write(s, CONTROL, 2, control | MSI_ENABLE);
}

void msi_mask(struct msi_source *s, unsigned i, bool masked)
{
    unsigned at = s->control & MSI_64 ? 0x10 : 0xc;
    uint32_t bits;

    if (s->msix) {
        s->table[3] = masked ? MSIX_ENTRY_MASKED : 0;
        (void)s->table[3]; /* reading back: the write has arrived */
    } else if (s->control & MSI_MASKS) {
        bits = cap_read(s, at, 4) & ~(1u << i);
        cap_write(s, at, 4, masked ? bits | 1u << i : bits);
    }
}

void msi_close(struct msi_source *s)
{
    unsigned long flags;

    if (s->msix) {
        msi_mask(s, 0, true);
        hw_services.unmap((void *)s->table, MSIX_ENTRY_SIZE);
    } else {
        cap_write(s, CONTROL, 2, cap_read(s, CONTROL, 2) & ~(uint32_t)MSI_ENABLE);
    }
    flags = spin_lock_irqsave(&sources_lock);
    list_del(&s->list);
    spin_unlock_irqrestore(&sources_lock, flags);
    hw_services.release(s);
}
