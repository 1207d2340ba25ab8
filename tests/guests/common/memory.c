/* SPDX-License-Identifier: MIT */
/* The guest's memory: pages, and the page tables the builder left. */
#include "guest.h"

static const uint64_t *const m2p = (const uint64_t *)__MACH2PHYS_VIRT_START;

static char pages[96][PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned pages_used;

void *page_alloc(void)
{
    if (pages_used == sizeof(pages) / sizeof(pages[0]))
        broken("out of pages");
    return pages[pages_used++];
}

uint64_t virt_to_mfn(const void *v)
{
    const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;

    return p2m[((uint64_t)v - VIRT_BASE) / PAGE_SIZE];
}

void *mfn_to_virt(uint64_t mfn)
{
    return (void *)(VIRT_BASE + m2p[mfn] * PAGE_SIZE);
}

uint64_t *pte_of(const void *v, uint64_t *maddr)
{
    uint64_t *table = (uint64_t *)start_info->pt_base, *e;

    for (unsigned shift = 39;; shift -= 9) {
        e = &table[((uint64_t)v >> shift) & 511];
        if (shift == 12)
            break;
        if (!(*e & PTE_PRESENT))
            broken("an address without page tables");
        table = mfn_to_virt(PTE_MFN(*e));
    }
    if (maddr)
        *maddr = virt_to_mfn(e) * PAGE_SIZE + ((uint64_t)e & (PAGE_SIZE - 1));
    return e;
}

long pte_write(uint64_t maddr, uint64_t value)
{
    struct mmu_update req = { .ptr = maddr, .val = value };

    return HC4(__HYPERVISOR_mmu_update, &req, 1, 0, DOMID_SELF);
}

static long map_as(void *v, uint64_t bits)
{
    uint64_t value = bits ? virt_to_mfn(v) * PAGE_SIZE | bits : 0;

    return HC3(__HYPERVISOR_update_va_mapping, v, value, UVMF_INVLPG);
}

long map_readonly(void *v)
{
    return map_as(v, PTE_BITS & ~PTE_RW);
}

long map_writable(void *v)
{
    return map_as(v, PTE_BITS);
}

long map_none(void *v)
{
    return map_as(v, 0);
}

long mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op op = { .cmd = cmd };

    op.arg1.mfn = arg1;
    op.arg2.src_mfn = arg2;
    return HC4(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}
