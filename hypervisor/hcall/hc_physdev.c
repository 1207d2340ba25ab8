/* SPDX-License-Identifier: MIT */
/* physdev_op: interrupts, I/O privilege, IO-APIC registers, PCI devices. */
#include "core/access.h"
#include "core/guest_access.h"
#include "core/pirq.h"
#include "core/vcpu.h"
#include "hcall/handlers.h"
#include "hcall/subop.h"
#include "hw/ioapic.h"
#include "hw/irq.h"
#include "hw/pci.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "public/physdev.h"
#include "pv/pv.h"

#define CAP_MSIX 0x11

static int eoi(struct physdev_eoi *op)
{
    return pirq_eoi(current->domain, op->irq);
}

static int irq_status_query(struct physdev_irq_status_query *op)
{
    if (!current->domain->pirq || op->irq >= MAX_IRQS)
        return -EINVAL;
    op->flags = pirq_needs_eoi(current->domain, op->irq) ? XENIRQSTAT_needs_eoi : 0;
    return 0;
}

static int set_iopl(struct physdev_set_iopl *op)
{
    if (op->iopl > 3)
        return -EINVAL;
    current_pv->iopl = (uint8_t)op->iopl;
    return 0;
}

static int set_iobitmap(struct physdev_set_iobitmap *op)
{
    if (op->nr_ports > 65536 ||
        (op->nr_ports && !guest_range_ok(op->bitmap, (op->nr_ports + 7) / 8)))
        return -EINVAL;
    current_pv->iobmp = op->bitmap;
    current_pv->iobmp_limit = op->nr_ports;
    return 0;
}

static int apic_read(struct physdev_apic *op)
{
    return ioapic_guest_read(op->apic_physbase, op->reg, &op->value) ? 0 : -EINVAL;
}

/* Routing is ours: a write to an existing register changes nothing. */
static int apic_write(struct physdev_apic *op)
{
    uint32_t ignored;

    return ioapic_guest_read(op->apic_physbase, op->reg, &ignored) ? 0 : -EINVAL;
}

static int alloc_irq_vector(struct physdev_irq *op)
{
    if (op->irq >= nr_gsis || !irq_exists(op->irq))
        return -EINVAL;
    op->vector = irq_vector(op->irq);
    return 0;
}

static int free_irq_vector(struct physdev_irq *op)
{
    return op->irq < nr_gsis && irq_exists(op->irq) ? 0 : -EINVAL;
}

static int map_pirq(struct physdev_map_pirq *op)
{
    struct domain *d = domain_lookup(op->domid);

    if (!d)
        return -ESRCH;
    if (!access_control(current->domain, d))
        return -EPERM;
    return pirq_map(d, op);
}

static int unmap_pirq(struct physdev_unmap_pirq *op)
{
    struct domain *d = domain_lookup(op->domid);

    if (!d)
        return -ESRCH;
    if (!access_control(current->domain, d))
        return -EPERM;
    return pirq_unmap(d, op->pirq);
}

static int setup_gsi(struct physdev_setup_gsi *op)
{
    int rc;

    if (op->gsi < 0 || op->triggering > 1 || op->polarity > 1)
        return -EINVAL;
    rc = gsi_setup((unsigned)op->gsi, op->triggering, op->polarity);
    if (rc == 0)
        pirq_setup_changed(current->domain, (uint32_t)op->gsi);
    /* "The first caller wins" has this name in the ABI. */
    return rc == -EBUSY ? -EEXIST : rc;
}

static int get_free_pirq(struct physdev_get_free_pirq *op)
{
    int pirq;

    if (op->type != MAP_PIRQ_TYPE_MSI && op->type != MAP_PIRQ_TYPE_GSI &&
        op->type != MAP_PIRQ_TYPE_MSI_SEG)
        return -EINVAL;
    pirq = pirq_get_free(current->domain);
    if (pirq < 0)
        return pirq;
    op->pirq = (uint32_t)pirq;
    return 0;
}

static int eoi_gmfn_v2(struct physdev_pirq_eoi_gmfn *op)
{
    return pirq_set_eoi_page(current->domain, op->gmfn);
}

static int eoi_gmfn_v1(struct physdev_pirq_eoi_gmfn *op)
{
    int rc = pirq_set_eoi_page(current->domain, op->gmfn);

    if (rc == 0)
        pirq_eoi_unmasks(current->domain);
    return rc;
}

/*
 * PCI devices need no record of ours: configuration space is asked when an interrupt is mapped. Of
 * the announcements only what can be checked is checked. Segments beyond 0 are not reached by
 * the configuration ports; dom0's word is taken for them.
 */
static int device_present(unsigned seg, uint8_t bus, uint8_t devfn)
{
    return seg || pci_present(bus, devfn) ? 0 : -ENODEV;
}

static int manage_pci_add(struct physdev_manage_pci *op)
{
    return device_present(0, op->bus, op->devfn);
}

static int manage_pci_remove(struct physdev_manage_pci *op)
{
    return 0;
}

static int manage_pci_add_ext(struct physdev_manage_pci_ext *op)
{
    return device_present(0, op->bus, op->devfn);
}

static int pci_device_add(struct physdev_pci_device_add *op)
{
    return device_present(op->seg, op->bus, op->devfn);
}

static int pci_device_remove(struct physdev_pci_device *op)
{
    return 0;
}

static int restore_msi(struct physdev_restore_msi *op)
{
    return msi_restore(0, op->bus, op->devfn);
}

static int restore_msi_ext(struct physdev_pci_device *op)
{
    return msi_restore(op->seg, op->bus, op->devfn);
}

/* The windows are dom0's to use; we reach configuration space by its ports. */
static int pci_mmcfg_reserved(struct physdev_pci_mmcfg_reserved *op)
{
    return op->start_bus <= op->end_bus ? 0 : -EINVAL;
}

/* Tables are located when an entry is mapped, so a BAR may change whenever none is. */
static int prepare_msix(struct physdev_pci_device *op)
{
    if (op->seg)
        return -ENODEV;
    if (!pci_present(op->bus, op->devfn) ||
        !pci_find_capability(op->bus, op->devfn, CAP_MSIX))
        return -ENODEV;
    return 0;
}

static const struct subop ops[] = {
    SUBOP(PHYSDEVOP_eoi, struct physdev_eoi, false, false, eoi),
    SUBOP(PHYSDEVOP_irq_status_query, struct physdev_irq_status_query, true, false,
          irq_status_query),
    SUBOP(PHYSDEVOP_set_iopl, struct physdev_set_iopl, false, false, set_iopl),
    SUBOP(PHYSDEVOP_set_iobitmap, struct physdev_set_iobitmap, false, false, set_iobitmap),
    SUBOP(PHYSDEVOP_apic_read, struct physdev_apic, true, true, apic_read),
    SUBOP(PHYSDEVOP_apic_write, struct physdev_apic, false, true, apic_write),
    SUBOP(PHYSDEVOP_alloc_irq_vector, struct physdev_irq, true, true, alloc_irq_vector),
    SUBOP(PHYSDEVOP_free_irq_vector, struct physdev_irq, false, true, free_irq_vector),
    SUBOP(PHYSDEVOP_map_pirq, struct physdev_map_pirq, true, true, map_pirq),
    SUBOP(PHYSDEVOP_unmap_pirq, struct physdev_unmap_pirq, false, true, unmap_pirq),
    SUBOP(PHYSDEVOP_setup_gsi, struct physdev_setup_gsi, false, true, setup_gsi),
    SUBOP(PHYSDEVOP_get_free_pirq, struct physdev_get_free_pirq, true, true, get_free_pirq),
    SUBOP(PHYSDEVOP_pirq_eoi_gmfn_v1, struct physdev_pirq_eoi_gmfn, false, false, eoi_gmfn_v1),
    SUBOP(PHYSDEVOP_pirq_eoi_gmfn_v2, struct physdev_pirq_eoi_gmfn, false, false, eoi_gmfn_v2),
    SUBOP(PHYSDEVOP_manage_pci_add, struct physdev_manage_pci, false, true, manage_pci_add),
    SUBOP(PHYSDEVOP_manage_pci_remove, struct physdev_manage_pci, false, true,
          manage_pci_remove),
    SUBOP(PHYSDEVOP_manage_pci_add_ext, struct physdev_manage_pci_ext, false, true,
          manage_pci_add_ext),
    SUBOP(PHYSDEVOP_pci_device_add, struct physdev_pci_device_add, false, true, pci_device_add),
    SUBOP(PHYSDEVOP_pci_device_remove, struct physdev_pci_device, false, true,
          pci_device_remove),
    SUBOP(PHYSDEVOP_restore_msi, struct physdev_restore_msi, false, true, restore_msi),
    SUBOP(PHYSDEVOP_restore_msi_ext, struct physdev_pci_device, false, true, restore_msi_ext),
    SUBOP(PHYSDEVOP_pci_mmcfg_reserved, struct physdev_pci_mmcfg_reserved, false, true,
          pci_mmcfg_reserved),
    SUBOP(PHYSDEVOP_prepare_msix, struct physdev_pci_device, false, true, prepare_msix),
    SUBOP(PHYSDEVOP_release_msix, struct physdev_pci_device, false, true, prepare_msix),
};

long hc_physdev_op(unsigned long cmd, unsigned long arg)
{
    return subop_dispatch(ops, sizeof(ops) / sizeof(ops[0]), (unsigned)cmd, arg);
}
