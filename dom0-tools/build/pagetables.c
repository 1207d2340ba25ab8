/* SPDX-License-Identifier: MIT */
/* Writing a guest's first page tables: 4-level, 4 KiB pages, entries hold machine frames. */
#include "build/pagetables.h"

#include <string.h>

#define ENTRIES 512u
#define PTE_PRESENT 0x001u
#define PTE_WRITE 0x002u
#define PTE_USER 0x004u
#define PTE_ACCESSED 0x020u
#define PTE_DIRTY 0x040u
/* The guest kernel runs in ring 3: all its pages are user pages to the CPU. */
#define PTE_PAGE (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

static unsigned index_of(uint64_t address, unsigned shift)
{
    return (address >> shift) & (ENTRIES - 1);
}

static uint64_t entry(const struct p2m *p2m, uint64_t pfn, uint64_t flags)
{
    return p2m->mfn[pfn] * LAYOUT_FRAME_SIZE | flags;
}

/*
 * Links count tables that begin at pfn and cover consecutive spans of 1 << shift bytes from address
 * into their parents; parents begins with the parent of the first.
 */
static void link_tables(const struct p2m *p2m, uint64_t *parents, uint64_t address, unsigned shift,
                        uint64_t pfn, uint64_t count)
{
    uint64_t i, first = index_of(address, shift);

    for (i = 0; i < count; i++)
        parents[first + i] = entry(p2m, pfn + i, PTE_TABLE);
}

/* Fills the tables of one map, all of which are mapped at tables, and links them into l4. */
static void write_map(const struct p2m *p2m, const struct layout *layout,
                      const struct layout_map *map, uint64_t *l4, uint64_t *tables)
{
    uint64_t *l3 = tables;
    uint64_t *l2 = l3 + map->nr_l3 * ENTRIES;
    uint64_t *l1 = l2 + map->nr_l2 * ENTRIES;
    uint64_t l2_pfn = map->table_pfn + map->nr_l3;
    uint64_t l1_pfn = l2_pfn + map->nr_l2;
    uint64_t slot = index_of(map->start, 12);
    uint64_t i, pages = (map->end - map->start) / LAYOUT_FRAME_SIZE;

    link_tables(p2m, l4, map->start, 39, map->table_pfn, map->nr_l3);
    link_tables(p2m, l3, map->start, 30, l2_pfn, map->nr_l2);
    link_tables(p2m, l2, map->start, 21, l1_pfn, map->nr_l1);
    for (i = 0; i < pages; i++) {
        uint64_t pfn = map->pfn + i;
        bool is_table = pfn >= layout->l4_pfn && pfn - layout->l4_pfn < layout->nr_pt_frames;

        l1[slot + i] = entry(p2m, pfn, PTE_PAGE | (is_table ? 0 : PTE_WRITE));
    }
}

int pagetables_write(const struct p2m *p2m, const struct layout *layout)
{
    uint64_t *boot, *own = NULL;

    boot = p2m_map(p2m, layout->l4_pfn, layout->nr_pt_frames);
    if (!boot)
        return -1;
    memset(boot, 0, layout->nr_pt_frames * LAYOUT_FRAME_SIZE);
    if (layout->p2m_tables) {
        own = p2m_map(p2m, layout->p2m.table_pfn, layout->p2m_tables);
        if (!own) {
            p2m_unmap(p2m, boot, layout->nr_pt_frames);
            return -1;
        }
        memset(own, 0, layout->p2m_tables * LAYOUT_FRAME_SIZE);
        write_map(p2m, layout, &layout->p2m, boot, own);
        p2m_unmap(p2m, own, layout->p2m_tables);
    }
    write_map(p2m, layout, &layout->boot, boot, boot + ENTRIES);
    p2m_unmap(p2m, boot, layout->nr_pt_frames);
    return 0;
}
