/* SPDX-License-Identifier: MIT */
/* The control domain's first page tables. */
#include "boot/dom0_pt.h"

#include "boot/init.h"
#include "hw/panic.h"
#include "mm/frame.h"
#include "pv/pagetable.h"

#define TABLE_BITS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

/* Frames for tables are taken from a run of pfns in order. */
struct table_pool {
    const uint64_t *p2m;
    uint64_t next_pfn, end_pfn;
};

INIT_TEXT static uint64_t take_table(struct table_pool *pool)
{
    BUG_ON(pool->next_pfn == pool->end_pfn);
    return pool->p2m[pool->next_pfn++];
}

/* The L1 entry for va, making the tables on the way. */
INIT_TEXT static uint64_t *l1_entry(uint64_t root_mfn, struct table_pool *pool, uint64_t va)
{
    uint64_t *table = mfn_to_virt(root_mfn);

    for (unsigned shift = L4_SLOT_SHIFT; shift > PAGE_SHIFT; shift -= 9) {
        uint64_t *e = &table[(va >> shift) % PT_ENTRIES];

        if (*e == 0)
            *e = take_table(pool) << PAGE_SHIFT | TABLE_BITS;
        table = mfn_to_virt((*e & PTE_ADDR_MASK) >> PAGE_SHIFT);
    }
    return &table[(va >> PAGE_SHIFT) % PT_ENTRIES];
}

INIT_TEXT uint64_t dom0_pt_build(const struct dom0_layout *l, const uint64_t *p2m)
{
    uint64_t pt_pfn = dom0_pfn(l, l->pt_va);
    struct table_pool pool = { p2m, pt_pfn, pt_pfn + l->pt_pages };
    uint64_t root = take_table(&pool);

    for (uint64_t va = l->virt_base; va < l->virt_end; va += PAGE_SIZE) {
        uint64_t pfn = dom0_pfn(l, va);
        bool is_table = pfn >= pt_pfn && pfn < pt_pfn + l->pt_pages;

        *l1_entry(root, &pool, va) =
            p2m[pfn] << PAGE_SHIFT | (is_table ? TABLE_BITS & ~PTE_RW : TABLE_BITS);
    }
    if (l->p2m_tables != 0) {
        uint64_t first = l->p2m_pfn + l->p2m_pages;

        pool = (struct table_pool){ p2m, first, first + l->p2m_tables };
        for (uint64_t i = 0; i < l->p2m_pages; i++)
            *l1_entry(root, &pool, l->p2m_va + i * PAGE_SIZE) =
                p2m[l->p2m_pfn + i] << PAGE_SHIFT | TABLE_BITS;
    }
    return root;
}
