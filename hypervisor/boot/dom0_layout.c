/* SPDX-License-Identifier: MIT */
/* Where everything goes in the control domain's memory before a byte of it is written. */
#include "boot/dom0_layout.h"

#include "boot/init.h"
#include "hw/layout.h"
#include "lib/errno.h"

#define MIN_SLACK (512UL << 10)
#define REGION_ALIGN (4UL << 20)
/* The kernel's image and its surroundings live in the top 2 GiB; 1 GiB is Linux's own limit. */
#define MAX_REGION (1UL << 30)

INIT_TEXT static uint64_t page_up(uint64_t v)
{
    return (v + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

INIT_TEXT static uint64_t span(uint64_t first, uint64_t end, unsigned shift)
{
    return ((end - 1) >> shift) - (first >> shift) + 1;
}

/* Tables of every level below the root that map [first, end). */
INIT_TEXT static uint64_t tables_below_root(uint64_t first, uint64_t end)
{
    return span(first, end, L2_PAGE_SHIFT) + span(first, end, L3_PAGE_SHIFT) +
           span(first, end, L4_SLOT_SHIFT);
}

/* The end of the kernel image in the region. */
INIT_TEXT static int kernel_end(struct dom0_layout *l, const struct elf_image *elf, uint64_t *end,
                                const char **why)
{
    uint64_t room = l->nr_pages << PAGE_SHIFT;
    bool loads = false;

    *end = l->virt_base;
    for (unsigned i = 0; i < elf->phnum; i++) {
        struct elf_phdr ph;

        if (elf_phdr(elf, i, &ph, why) != 0)
            return -ENOEXEC;
        if (ph.type != ELF_PT_LOAD || ph.memsz == 0)
            continue;
        if (ph.paddr < l->paddr_offset || ph.paddr - l->paddr_offset > MAX_REGION ||
            ph.memsz > MAX_REGION) {
            *why = "a segment's address is out of bounds";
            return -ENOEXEC;
        }
        if (ph.paddr - l->paddr_offset + ph.memsz > room) {
            *why = "the domain's memory is too small for it: give more with dom0_mem=";
            return -ENOMEM;
        }
        if (dom0_segment_va(l, &ph) + ph.memsz > *end)
            *end = dom0_segment_va(l, &ph) + ph.memsz;
        loads = true;
    }
    if (!loads) {
        *why = "it has nothing to load";
        return -ENOEXEC;
    }
    *end = page_up(*end);
    return 0;
}

/* Page tables map the whole region, themselves included, so their number is found by iteration. */
INIT_TEXT static void place_tables(struct dom0_layout *l)
{
    l->pt_pages = 1;
    for (;;) {
        uint64_t need;

        l->stack_va = l->pt_va + l->pt_pages * PAGE_SIZE;
        l->virt_end = l->stack_va + PAGE_SIZE + MIN_SLACK;
        l->virt_end = (l->virt_end + REGION_ALIGN - 1) & ~(REGION_ALIGN - 1);
        need = 1 + tables_below_root(l->virt_base, l->virt_end);
        if (need <= l->pt_pages)
            return;
        l->pt_pages = need;
    }
}

INIT_TEXT int dom0_layout_plan(struct dom0_layout *l, const struct elf_image *elf,
                               const struct pv_notes *notes, uint64_t nr_pages,
                               size_t initrd_size, const char **why)
{
    uint64_t va, pfn;
    int err;

    *l = (struct dom0_layout){
        .nr_pages = nr_pages,
        .virt_base = notes->virt_base,
        .paddr_offset = notes->paddr_offset == PV_NOTE_ABSENT ? 0 : notes->paddr_offset,
        .entry = notes->entry,
        .hypercall_page = notes->hypercall_page,
        .initrd_pages = page_up(initrd_size) >> PAGE_SHIFT,
        .p2m_pages = page_up(nr_pages * sizeof(uint64_t)) >> PAGE_SHIFT,
        .p2m_va = notes->init_p2m == PV_NOTE_ABSENT ? 0 : notes->init_p2m,
    };
    /* A region in the lower half or the kernel's top 2 GiB cannot wrap or reach our slots. */
    if (l->virt_base % PAGE_SIZE != 0 || l->p2m_va % PAGE_SIZE != 0 ||
        (l->virt_base >= 1UL << 46 && l->virt_base < 0xffffffff80000000) ||
        l->virt_base > 0xffffffffa0000000 || l->p2m_va >= 1UL << 46 ||
        (l->p2m_va != 0 && l->p2m_va >> L4_SLOT_SHIFT == l->virt_base >> L4_SLOT_SHIFT)) {
        *why = "its ELF notes VIRT_BASE or INIT_P2M name addresses that cannot be used";
        return -ENOEXEC;
    }
    err = kernel_end(l, elf, &va, why);
    if (err != 0)
        return err;

    if (l->initrd_pages != 0 && !notes->mod_start_pfn) {
        l->initrd_va = va;
        l->initrd_pfn = dom0_pfn(l, va);
        va += l->initrd_pages * PAGE_SIZE;
    }
    if (l->p2m_va == 0) {
        l->p2m_va = va;
        l->p2m_pfn = dom0_pfn(l, va);
        va += l->p2m_pages * PAGE_SIZE;
    } else {
        l->p2m_tables = tables_below_root(l->p2m_va, l->p2m_va + l->p2m_pages * PAGE_SIZE);
    }
    l->start_info_va = va;
    l->pt_va = va + PAGE_SIZE;
    place_tables(l);

    pfn = dom0_pfn(l, l->virt_end);
    if (l->initrd_pages != 0 && l->initrd_va == 0) {
        l->initrd_pfn = pfn;
        pfn += l->initrd_pages;
    }
    if (l->p2m_tables != 0) {
        l->p2m_pfn = pfn;
        pfn += l->p2m_pages + l->p2m_tables;
    }
    if (pfn > nr_pages) {
        *why = "the domain's memory is too small for it: give more with dom0_mem=";
        return -ENOMEM;
    }
    if (l->entry < l->virt_base || l->entry >= l->virt_end ||
        (l->hypercall_page != PV_NOTE_ABSENT &&
         (l->hypercall_page < l->virt_base || l->hypercall_page >= l->start_info_va ||
          l->hypercall_page % PAGE_SIZE != 0))) {
        *why = "its entry point or hypercall page lies outside the image";
        return -ENOEXEC;
    }
    return 0;
}
