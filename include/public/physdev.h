/* SPDX-License-Identifier: MIT */
/*
 * physdev_op(int cmd, guest address arg): interrupts, I/O ports and PCI for domains with devices.
 *
 * A pirq is a domain's number for a physical interrupt; it becomes an event channel with
 * EVTCHNOP_bind_pirq. The historical physdev_op_compat(guest address of physdev_op) wraps ops 5 to
 * 11. Common errors: EFAULT, ENOSYS, EPERM (not privileged, or no right to the device),
 * EINVAL (number out of range), ESRCH about a domid.
 */
#ifndef PUBLIC_PHYSDEV_H
#define PUBLIC_PHYSDEV_H

#include "types.h"

#define PHYSDEVOP_IRQ_UNMASK_NOTIFY     4  /* obsolete, ENOSYS */
/* IN+OUT physdev_irq_status_query: must this pirq be acknowledged with PHYSDEVOP_eoi? */
#define PHYSDEVOP_irq_status_query      5
/* IN physdev_set_iopl: the vcpu's I/O privilege. EINVAL: > 3. */
#define PHYSDEVOP_set_iopl              6
/* IN physdev_set_iobitmap: ports user mode may use below that level. EINVAL: nr_ports > 65536. */
#define PHYSDEVOP_set_iobitmap          7
/* IN+OUT physdev_apic: a register of an I/O APIC, by its physical address. Privileged. Writes to
 * redirection entries are filtered: routing is ours. */
#define PHYSDEVOP_apic_read             8
#define PHYSDEVOP_apic_write            9
/* IN+OUT physdev_irq: historical; the vector returned means nothing to a guest. */
#define PHYSDEVOP_alloc_irq_vector      10
#define PHYSDEVOP_free_irq_vector       11
/* IN physdev_eoi: the level-triggered interrupt has been handled. */
#define PHYSDEVOP_eoi                   12
/* IN+OUT physdev_map_pirq: give domid a pirq for a GSI or MSI. pirq < 0: choose one.
 *   EBUSY  mapped otherwise    ENOSPC  no free pirq    ENODEV  no such PCI device */
#define PHYSDEVOP_map_pirq              13
/* IN physdev_unmap_pirq. EINVAL: not mapped. */
#define PHYSDEVOP_unmap_pirq            14
/* IN physdev_manage_pci: historical announcements of PCI functions. */
#define PHYSDEVOP_manage_pci_add        15
#define PHYSDEVOP_manage_pci_remove     16
/* IN physdev_pirq_eoi_gmfn: a frame in which bit n tells whether pirq n needs PHYSDEVOP_eoi; from
 * v1 on eoi also unmasks the event channel. EBUSY: registered already. */
#define PHYSDEVOP_pirq_eoi_gmfn_v1      17
#define PHYSDEVOP_pirq_eoi_gmfn_v2      28
#define PHYSDEVOP_pirq_eoi_gmfn         PHYSDEVOP_pirq_eoi_gmfn_v2
/* IN physdev_restore_msi: reprogram MSI after the device lost its state. */
#define PHYSDEVOP_restore_msi           19
#define PHYSDEVOP_manage_pci_add_ext    20
/* IN physdev_setup_gsi: trigger mode and polarity of a GSI; first caller wins (EEXIST). */
#define PHYSDEVOP_setup_gsi             21
/* IN+OUT physdev_get_free_pirq: reserve a pirq. ENOSPC: none. */
#define PHYSDEVOP_get_free_pirq         23
/* IN physdev_pci_mmcfg_reserved: the firmware does (or does not) reserve this config window. */
#define PHYSDEVOP_pci_mmcfg_reserved    24
/* IN physdev_pci_device_add: dom0 found a PCI function. ENODEV: it does not answer. */
#define PHYSDEVOP_pci_device_add        25
/* IN physdev_pci_device. */
#define PHYSDEVOP_pci_device_remove     26
#define PHYSDEVOP_restore_msi_ext       27
/* IN physdev_dbgp_op: USB debug port about to be reset / reset done. */
#define PHYSDEVOP_dbgp_op               29
/* IN physdev_pci_device: the BARs of an MSI-X device will not change (prepare), may (release). */
#define PHYSDEVOP_prepare_msix          30
#define PHYSDEVOP_release_msix          31

/* physdev_irq_status_query.flags */
#define _XENIRQSTAT_needs_eoi           0
#define XENIRQSTAT_needs_eoi            (xen_mk_uint(1) << _XENIRQSTAT_needs_eoi)
#define _XENIRQSTAT_shared              1
#define XENIRQSTAT_shared               (xen_mk_uint(1) << _XENIRQSTAT_shared)

/* physdev_map_pirq.type */
#define MAP_PIRQ_TYPE_MSI               0x0
#define MAP_PIRQ_TYPE_GSI               0x1
#define MAP_PIRQ_TYPE_UNKNOWN           0x2
#define MAP_PIRQ_TYPE_MSI_SEG           0x3 /* bus: segment << 16 | bus */
#define MAP_PIRQ_TYPE_MULTI_MSI         0x4 /* entry_nr consecutive ones */

#define XEN_PCI_MMCFG_RESERVED          0x1

/* physdev_pci_device_add.flags */
#define XEN_PCI_DEV_EXTFN               0x1 /* extended function, behind physfn's ARI */
#define XEN_PCI_DEV_VIRTFN              0x2 /* virtual function of physfn */
#define XEN_PCI_DEV_PXM                 0x4 /* optarr[0] is its proximity domain */

#define PHYSDEVOP_DBGP_RESET_PREPARE    1
#define PHYSDEVOP_DBGP_RESET_DONE       2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN      0
#define PHYSDEVOP_DBGP_BUS_PCI          1

#ifndef __ASSEMBLER__

struct physdev_eoi {
    uint32_t irq;               /* IN  pirq */
};

struct physdev_pirq_eoi_gmfn {
    xen_pfn_t gmfn;             /* IN */
};

struct physdev_irq_status_query {
    uint32_t irq;               /* IN */
    uint32_t flags;             /* OUT XENIRQSTAT_* */
};

struct physdev_set_iopl {
    uint32_t iopl;              /* IN */
};

struct physdev_set_iobitmap {
    uint64_t bitmap;            /* guest address, bit n clear: port n allowed; stays in use */
    uint32_t nr_ports;          /* IN */
};

struct physdev_apic {
    uint64_t apic_physbase;     /* IN */
    uint32_t reg;               /* IN */
    uint32_t value;             /* IN or OUT */
};

struct physdev_irq {
    uint32_t irq;               /* IN */
    uint32_t vector;            /* IN or OUT */
};

struct physdev_map_pirq {
    domid_t domid;              /* IN */
    int32_t type;               /* IN  MAP_PIRQ_TYPE_* */
    int32_t index;              /* IN  GSI; < 0 with MSI */
    int32_t pirq;               /* IN+OUT */
    int32_t bus;                /* IN  MSI only, as the rest */
    int32_t devfn;              /* IN */
    int32_t entry_nr;           /* IN  MSI-X entry; MULTI_MSI: count, also OUT */
    uint64_t table_base;        /* IN  physical address of the MSI-X table, 0 plain MSI */
};

struct physdev_unmap_pirq {
    domid_t domid;              /* IN */
    int32_t pirq;               /* IN */
};

struct physdev_manage_pci {
    uint8_t bus;
    uint8_t devfn;
};

struct physdev_restore_msi {
    uint8_t bus;
    uint8_t devfn;
};

struct physdev_manage_pci_ext {
    uint8_t bus;
    uint8_t devfn;
    uint32_t is_extfn;
    uint32_t is_virtfn;
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
};

struct physdev_op {
    uint32_t cmd;
    union {
        struct physdev_irq_status_query irq_status_query;
        struct physdev_set_iopl set_iopl;
        struct physdev_set_iobitmap set_iobitmap;
        struct physdev_apic apic_op;
        struct physdev_irq irq_op;
    } u;
};

struct physdev_setup_gsi {
    int32_t gsi;                /* IN */
    uint8_t triggering;         /* IN  0 edge, 1 level */
    uint8_t polarity;           /* IN  0 active high, 1 active low */
};

struct physdev_get_free_pirq {
    int32_t type;               /* IN  MAP_PIRQ_TYPE_* */
    uint32_t pirq;              /* OUT */
};

struct physdev_pci_mmcfg_reserved {
    uint64_t address;           /* IN */
    uint16_t segment;           /* IN */
    uint8_t start_bus;          /* IN */
    uint8_t end_bus;            /* IN */
    uint32_t flags;             /* IN  XEN_PCI_MMCFG_RESERVED or 0 */
};

struct physdev_pci_device_add {
    uint16_t seg;               /* IN */
    uint8_t bus;
    uint8_t devfn;
    uint32_t flags;             /* IN  XEN_PCI_DEV_* */
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
    uint32_t optarr[];          /* IN  as flags say */
};

struct physdev_pci_device {
    uint16_t seg;               /* IN */
    uint8_t bus;
    uint8_t devfn;
};

struct physdev_dbgp_op {
    uint8_t op;                 /* IN  PHYSDEVOP_DBGP_RESET_* */
    uint8_t bus;                /* IN  PHYSDEVOP_DBGP_BUS_* */
    union {
        struct physdev_pci_device pci;
    } u;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_PHYSDEV_H */
