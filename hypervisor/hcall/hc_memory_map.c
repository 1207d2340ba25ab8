/* SPDX-License-Identifier: MIT */
/* Memory maps of host and guests, the M2P table's place, and frames of ours that tools may map. */
#include "core/grant.h"
#include "core/guest_access.h"
#include "core/physmem.h"
#include "hcall/foreign.h"
#include "hcall/hc_memory.h"
#include "hw/layout.h"
#include "hw/spinlock.h"
#include "lib/string.h"
#include "mm/e820.h"
#include "mm/hostmap.h"
#include "mm/kmalloc.h"
#include "public/memory.h"
#include "public/mmu.h"
#include "pv/pagetable.h"
#include "pv/pv.h"

/* An entry as the BIOS and the ABI lay it out (ACPI, "System Address Map Interfaces"): 20 bytes. */
struct bios_e820 {
    uint64_t start, size;
    uint32_t type;
} __attribute__((packed));
_Static_assert(sizeof(struct bios_e820) == 20, "the ABI's size");

/* Domains are described by a few entries; more than the machine itself may have, nobody needs. */
#define DOMAIN_E820_MAX E820_MAX

long memory_map_get_machine(unsigned long arg)
{
    struct xen_memory_map m;
    unsigned i;

    if (!access_platform(current->domain))
        return -EPERM;
    if (copy_from_guest(&m, guest_ptr(arg), sizeof(m)))
        return -EFAULT;
    if (m.buffer == 0)
        m.nr_entries = e820.count;
    for (i = 0; m.buffer && i < e820.count && i < m.nr_entries; i++) {
        const struct e820_entry *e = &e820.entry[i];
        struct bios_e820 b = { e->start, e->size, e->type };

        if (copy_to_guest(guest_ptr_at(guest_ptr(m.buffer), i, sizeof(b)), &b, sizeof(b)))
            return -EFAULT;
    }
    if (m.buffer)
        m.nr_entries = i;
    return copy_to_guest(guest_ptr(arg), &m, sizeof(m));
}

long memory_map_get(unsigned long arg)
{
    struct pv_domain *pd = to_pv_domain(current->domain);
    struct bios_e820 copy[DOMAIN_E820_MAX];
    struct xen_memory_map m;
    unsigned count;

    if (copy_from_guest(&m, guest_ptr(arg), sizeof(m)))
        return -EFAULT;
    spin_lock(&pd->core.lock);
    count = pd->e820_count;
    if (count)
        memcpy(copy, pd->e820, count * sizeof(*copy));
    spin_unlock(&pd->core.lock);
    if (!count)
        return -ENOSYS;
    if (m.buffer == 0 || m.nr_entries > count)
        m.nr_entries = count;
    if (m.buffer && copy_to_guest(guest_ptr(m.buffer), copy, m.nr_entries * sizeof(*copy)))
        return -EFAULT;
    return copy_to_guest(guest_ptr(arg), &m, sizeof(m));
}

long memory_map_set(unsigned long arg)
{
    struct xen_foreign_memory_map f;
    struct pv_domain *pd;
    struct domain *d;
    void *new, *old;
    int err;

    if (copy_from_guest(&f, guest_ptr(arg), sizeof(f)))
        return -EFAULT;
    err = domain_for_memory(f.domid, &d);
    if (err)
        return err;
    if (!access_control(current->domain, d))
        return -EPERM;
    if (f.map.nr_entries > DOMAIN_E820_MAX)
        return -E2BIG;
    new = kzalloc_array(f.map.nr_entries + 1, sizeof(struct bios_e820));
    if (!new)
        return -ENOMEM;
    if (copy_from_guest(new, guest_ptr(f.map.buffer),
                        f.map.nr_entries * sizeof(struct bios_e820))) {
        kfree(new);
        return -EFAULT;
    }
    pd = to_pv_domain(d);
    spin_lock(&d->lock);
    old = new;
    err = -ESRCH;
    /* Who dies has given its map back, or will: whatever comes later would stay. */
    if (d->state == DOM_ALIVE) {
        old = pd->e820;
        pd->e820 = new;
        pd->e820_count = f.map.nr_entries;
        err = 0;
    }
    spin_unlock(&d->lock);
    kfree(old);
    return err;
}

long memory_m2p_range(unsigned long arg)
{
    struct xen_machphys_mapping m = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = max_mfn - 1,
    };

    return copy_to_guest(guest_ptr(arg), &m, sizeof(m));
}

/* The frame behind the M2P table at va, by our own page tables; 0: none. */
static uint64_t m2p_frame(uint64_t va)
{
    uint64_t mfn = host_cr3 >> PAGE_SHIFT;

    for (unsigned shift = L4_SLOT_SHIFT;; shift -= 9) {
        uint64_t e = ((const uint64_t *)mfn_to_virt(mfn))[(va >> shift) % PT_ENTRIES];

        if (!(e & PTE_PRESENT))
            return 0;
        mfn = (e & PTE_ADDR_MASK) >> PAGE_SHIFT;
        /* Of a large page the low bits of the address are others': PAT, or the next level's. */
        if (shift == PAGE_SHIFT || ((e & PTE_PSE) && shift != L4_SLOT_SHIFT))
            return (mfn & -(1ULL << (shift - PAGE_SHIFT))) |
                   (va & ((1ULL << shift) - 1)) >> PAGE_SHIFT;
    }
}

/*
 * The frames become DOMID_XEN's, shared for reading and never taken back, so that tools can map
 * them like any foreign frame. LOCK_DOMCTL is not worth it: only the control domain comes here, and
 * the lock below is held once per 2 MiB of table.
 */
static void share_m2p_chunk(uint64_t mfn)
{
    static struct spinlock lock = SPINLOCK_INIT(LOCK_DOMAIN);

    spin_lock(&lock);
    for (uint64_t i = 0; i < 1ULL << (L2_PAGE_SHIFT - PAGE_SHIFT); i++)
        if (!mfn_to_page(mfn + i)->owner)
            physmem_share_hv_page(mfn_to_page(mfn + i), dom_xen, false);
    spin_unlock(&lock);
}

long memory_m2p_list(unsigned long arg)
{
    struct xen_machphys_mfn_list l;
    uint64_t va = M2P_RW_VIRT, end = M2P_RW_VIRT + max_mfn * sizeof(uint64_t), mfn = 0;
    uint32_t i;

    if (!access_platform(current->domain))
        return -EPERM;
    if (copy_from_guest(&l, guest_ptr(arg), sizeof(l)))
        return -EFAULT;
    for (i = 0; i < l.max_extents && va < end; i++, va += 1ULL << L2_PAGE_SHIFT) {
        /* A hole in the table, where the machine has no memory, repeats its neighbour (0: none yet). */
        uint64_t here = m2p_frame(va);

        if (here && mfn_is_ram(here) && here % (1ULL << (L2_PAGE_SHIFT - PAGE_SHIFT)) == 0) {
            share_m2p_chunk(here);
            mfn = here;
        }
        if (copy_to_guest(guest_ptr_at(guest_ptr(l.extent_start), i, sizeof(mfn)), &mfn,
                          sizeof(mfn)))
            return -EFAULT;
    }
    l.nr_extents = i;
    return copy_to_guest(guest_ptr(arg), &l, sizeof(l));
}

/* The table of 32-bit guests, of which there are none. */
long memory_m2p_compat_list(unsigned long arg)
{
    struct xen_machphys_mfn_list l;

    if (!access_platform(current->domain))
        return -EPERM;
    if (copy_from_guest(&l, guest_ptr(arg), sizeof(l)))
        return -EFAULT;
    l.nr_extents = 0;
    return copy_to_guest(guest_ptr(arg), &l, sizeof(l));
}

/* Memory that a device needs identity-mapped through an IOMMU; we use none. */
long memory_reserved_device_map(unsigned long arg)
{
    struct xen_reserved_device_memory_map m;

    if (copy_from_guest(&m, guest_ptr(arg), sizeof(m)))
        return -EFAULT;
    m.nr_entries = 0;
    return copy_to_guest(guest_ptr(arg), &m, sizeof(m));
}

/* As many frames as one call may name: the largest grant table there is. */
#define RESOURCE_FRAMES_MAX 1024

long memory_acquire_resource(unsigned long arg)
{
    struct xen_mem_acquire_resource r;
    struct domain *d;
    unsigned frames, maptrack;
    int err;

    if (copy_from_guest(&r, guest_ptr(arg), sizeof(r)))
        return -EFAULT;
    if (r.pad)
        return -EINVAL;
    err = domain_for_memory(r.domid, &d);
    if (err)
        return err;
    if (!access_control(current->domain, d))
        return -EPERM;
    if (r.type != XENMEM_resource_grant_table || r.id != XENMEM_resource_grant_table_id_shared)
        return -EOPNOTSUPP;
    if (!r.frame_list) {
        grant_table_usage(d, &frames, &maptrack);
        r.nr_frames = frames;
        return copy_to_guest(guest_ptr(arg), &r, sizeof(r));
    }
    if (r.nr_frames > RESOURCE_FRAMES_MAX)
        return -E2BIG;
    for (uint32_t i = 0; i < r.nr_frames; i++) {
        uint64_t mfn;

        if (r.frame + i < r.frame || r.frame + i > ~0U)
            return -EINVAL;
        err = grant_table_frame(d, r.frame + i, &mfn);
        if (err == 0)
            err = copy_to_guest(guest_ptr_at(guest_ptr(r.frame_list), i, sizeof(mfn)), &mfn,
                                sizeof(mfn));
        if (err)
            return err;
    }
    return 0;
}
