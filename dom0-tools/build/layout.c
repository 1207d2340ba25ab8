/* SPDX-License-Identifier: MIT */
/*
 * The start-of-day memory of public/start_info.h: one region that begins at the kernel's virtual
 * base and shows pfn 0 upwards: kernel, initrd, P2M, start info, the two rings, page tables, stack,
 * padding, up to a multiple of 4 MiB. A kernel whose notes allow it has its P2M and its initrd
 * behind the region instead (P2M first: Linux takes first_p2m_pfn for the end of what is mapped),
 * so that their size does not count against the kernel's 2 GiB of addresses.
 */
#include "build/layout.h"

#include <errno.h>
#include <string.h>

#define REGION_ALIGN ((uint64_t)4 << 20)
#define REGION_PADDING ((uint64_t)512 << 10)
/* The hypervisor's part of every address space: L4 slots 256 to 271 (public ABI). */
#define HYPERVISOR_START 0xffff800000000000u
#define HYPERVISOR_END 0xffff880000000000u

static uint64_t frames(uint64_t bytes)
{
    return (bytes + LAYOUT_FRAME_SIZE - 1) / LAYOUT_FRAME_SIZE;
}

/* How many tables, each covering 1 << shift bytes, the range touches. */
static uint64_t tables(uint64_t start, uint64_t end, unsigned shift)
{
    return ((end - 1) >> shift) - (start >> shift) + 1;
}

static uint64_t count_tables(struct layout_map *map)
{
    map->nr_l3 = tables(map->start, map->end, 39);
    map->nr_l2 = tables(map->start, map->end, 30);
    map->nr_l1 = tables(map->start, map->end, 21);
    return map->nr_l3 + map->nr_l2 + map->nr_l1;
}

/* Whether a range is canonical and none of the hypervisor's. */
static bool usable(const struct layout_map *map)
{
    uint64_t last = map->end - 1;

    if (last < map->start)
        return false;
    if (last < 0x0000800000000000u)
        return true;
    return map->start >= HYPERVISOR_END ||
           (map->start >= 0xffff800000000000u && last < HYPERVISOR_START);
}

/* Grows the region until it holds the tables that map it. */
static int plan_region(struct parador_handle *h, uint64_t pfn, struct layout *l)
{
    uint64_t end_pfn;

    l->l4_pfn = pfn;
    l->nr_pt_frames = 0;
    for (;;) {
        uint64_t need, bytes;

        l->stack_pfn = l->l4_pfn + l->nr_pt_frames;
        bytes = (l->stack_pfn + 1) * LAYOUT_FRAME_SIZE + REGION_PADDING;
        bytes = (bytes + REGION_ALIGN - 1) & ~(REGION_ALIGN - 1);
        l->boot.end = l->boot.start + bytes;
        end_pfn = bytes / LAYOUT_FRAME_SIZE;
        /* The last byte of the address space may be used, but end must not wrap to it. */
        if (!usable(&l->boot))
            return parador_fail(h, ENOEXEC, "kernel and initrd do not fit where the kernel wants "
                                            "to be mapped");
        need = 1 + count_tables(&l->boot);
        if (need <= l->nr_pt_frames)
            break;
        l->nr_pt_frames = need;
    }
    l->boot.table_pfn = l->l4_pfn + 1;
    if (end_pfn > l->nr_pages)
        return parador_fail(h, ENOMEM,
                            "memory = %llu MiB is too little for this kernel: it needs %llu MiB "
                            "before it starts", (unsigned long long)(l->nr_pages >> 8),
                            (unsigned long long)(end_pfn >> 8));
    return 0;
}

/* The P2M behind the region, with its own tables. Returns the next free pfn, or 0. */
static uint64_t plan_p2m(struct parador_handle *h, uint64_t pfn, struct layout *l)
{
    l->p2m_pfn = pfn;
    l->p2m.pfn = pfn;
    l->p2m.start = l->p2m_virt;
    l->p2m.end = l->p2m_virt + l->p2m_pages * LAYOUT_FRAME_SIZE;
    if (!usable(&l->p2m) ||
        ((l->p2m.end - 1) >> 39 >= l->boot.start >> 39 &&
         l->p2m.start >> 39 <= (l->boot.end - 1) >> 39)) {
        parador_fail(h, ENOEXEC, "the kernel wants its P2M where it cannot be");
        return 0;
    }
    l->p2m_tables = count_tables(&l->p2m);
    l->p2m.table_pfn = pfn + l->p2m_pages;
    return l->p2m.table_pfn + l->p2m_tables;
}

int layout_plan(struct parador_handle *h, const struct elf_kernel *kernel, uint64_t memory_kib,
                uint64_t initrd_size, struct layout *l)
{
    uint64_t pfn;

    memset(l, 0, sizeof(*l));
    l->nr_pages = memory_kib / 4;
    l->kernel_pfn = kernel->start / LAYOUT_FRAME_SIZE;
    l->kernel_pages = frames(kernel->end) - l->kernel_pfn;
    l->initrd_size = initrd_size;
    l->initrd_pages = frames(initrd_size);
    l->initrd_mapped = initrd_size && !kernel->mod_start_pfn;
    l->p2m_pages = frames(l->nr_pages * sizeof(uint64_t));
    l->boot.start = kernel->virt_base;

    pfn = l->kernel_pfn + l->kernel_pages;
    if (l->initrd_mapped) {
        l->initrd_pfn = pfn;
        pfn += l->initrd_pages;
    }
    if (!kernel->init_p2m) {
        l->p2m_pfn = pfn;
        l->p2m_virt = layout_virt(l, pfn);
        pfn += l->p2m_pages;
    }
    l->start_info_pfn = pfn++;
    l->store_pfn = pfn++;
    l->console_pfn = pfn++;
    if (plan_region(h, pfn, l) < 0)
        return -1;

    pfn = (l->boot.end - l->boot.start) / LAYOUT_FRAME_SIZE;
    if (kernel->init_p2m) {
        l->p2m_virt = kernel->init_p2m;
        pfn = plan_p2m(h, pfn, l);
        if (!pfn)
            return -1;
    }
    if (initrd_size && !l->initrd_mapped) {
        l->initrd_pfn = pfn;
        pfn += l->initrd_pages;
    }
    if (pfn > l->nr_pages)
        return parador_fail(h, ENOMEM, "memory = %llu MiB is too little: kernel and ramdisk need "
                                       "%llu MiB before they start",
                            (unsigned long long)(l->nr_pages >> 8),
                            (unsigned long long)((pfn + 255) >> 8));
    return 0;
}

uint64_t layout_virt(const struct layout *layout, uint64_t pfn)
{
    return layout->boot.start + pfn * LAYOUT_FRAME_SIZE;
}
