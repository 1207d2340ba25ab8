/* SPDX-License-Identifier: MIT */
/* What a kernel's Xen ELF notes say about how to start it. Also compiled by dom0-tools. */
#ifndef LIB_ELFNOTE_H
#define LIB_ELFNOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/elf.h"

/* Numbers are ~0 where the note is absent. */
struct pv_notes {
    bool any;                  /* at least one note of owner "Xen" */
    uint64_t entry;
    uint64_t hypercall_page;
    uint64_t virt_base;
    uint64_t paddr_offset;
    uint64_t init_p2m;
    bool mod_start_pfn;
    uint32_t supported;        /* XENFEAT_* bits of SUPPORTED_FEATURES, or implied by FEATURES */
    uint32_t required;         /* features marked '!' in FEATURES */
    char guest_os[32];
    char loader[16];
    char xen_version[16];      /* the interface it is written for */
    bool pvh;                  /* it has an entry point for hardware-assisted guests */
};

#define PV_NOTE_ABSENT (~0ULL)

/*
 * Collects the notes of every PT_NOTE segment. NULL, or a sentence saying what is wrong with them:
 * outside the image, damaged, or a number of a size that it cannot have.
 */
const char *pv_notes_read(const struct elf_image *elf, struct pv_notes *notes);
/*
 * Can a 64-bit PV guest (dom0 when `as_dom0`) be made of this image? NULL, or a sentence that says
 * what it lacks.
 */
const char *pv_notes_check(const struct pv_notes *notes, bool as_dom0);

#endif
