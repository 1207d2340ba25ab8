/* SPDX-License-Identifier: MIT */
/* Where everything goes in the control domain's memory before a byte of it is written. */
#ifndef BOOT_DOM0_LAYOUT_H
#define BOOT_DOM0_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/elf.h"
#include "lib/elfnote.h"

/*
 * The bootstrap region [virt_base, virt_end) maps pfn 0 upwards one to one:
 *
 *   kernel image | ramdisk* | mfn list* | start info | page tables | boot stack | slack to 4 MiB
 *
 * (*) only if the kernel does not take them elsewhere: with MOD_START_PFN the ramdisk lies
 * behind the region, unmapped; with INIT_P2M the mfn list too, mapped at that address through
 * page tables of its own that follow it. Facts: public/start_info.h, public/elfnote.h.
 */
struct dom0_layout {
    uint64_t nr_pages;               /* all the domain's memory */
    uint64_t virt_base, virt_end;
    uint64_t paddr_offset;
    uint64_t entry, hypercall_page;
    uint64_t initrd_pfn, initrd_pages, initrd_va; /* va 0: not mapped */
    uint64_t p2m_pfn, p2m_pages, p2m_va;
    uint64_t p2m_tables;             /* frames behind the list that map it; 0: in the region */
    uint64_t start_info_va;
    uint64_t pt_va, pt_pages;
    uint64_t stack_va;
};

/* 0, or -ENOEXEC/-ENOMEM with *why. */
int dom0_layout_plan(struct dom0_layout *l, const struct elf_image *elf,
                     const struct pv_notes *notes, uint64_t nr_pages, size_t initrd_size,
                     const char **why);

static inline uint64_t dom0_pfn(const struct dom0_layout *l, uint64_t va)
{
    return (va - l->virt_base) >> 12;
}
/* The virtual address at which a segment loads: its physical address decides (per-CPU data has vaddr 0). */
static inline uint64_t dom0_segment_va(const struct dom0_layout *l, const struct elf_phdr *ph)
{
    return l->virt_base + (ph->paddr - l->paddr_offset);
}

#endif
