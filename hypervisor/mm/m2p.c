/* SPDX-License-Identifier: MIT */
/* Making the machine-to-phys table. */
#include "mm/m2p.h"

#include "lib/string.h"
#include "mm/e820.h"
#include "mm/early.h"
#include "mm/frame.h"
#include "mm/hostmap.h"

#define CHUNK (1UL << L2_PAGE_SHIFT)             /* of the table */
#define CHUNK_MFNS (CHUNK / sizeof(uint64_t))    /* described by it */

static bool any_ram(uint64_t first_mfn, uint64_t end_mfn)
{
    for (unsigned i = 0; i < e820.count; i++) {
        const struct e820_entry *e = &e820.entry[i];

        if (e->type == E820_RAM && e->start < end_mfn << PAGE_SHIFT &&
            e->start + e->size > first_mfn << PAGE_SHIFT)
            return true;
    }
    return false;
}

void m2p_init(void)
{
    uint64_t hole = early_alloc(PAGE_SIZE, PAGE_SIZE);

    memset(mfn_to_virt(hole >> PAGE_SHIFT), 0xff, PAGE_SIZE);
    for (uint64_t mfn = 0; mfn < max_mfn; mfn += CHUNK_MFNS) {
        unsigned long offset = mfn * sizeof(uint64_t);

        if (any_ram(mfn, mfn + CHUNK_MFNS)) {
            uint64_t pa = early_alloc(CHUNK, CHUNK);

            memset(mfn_to_virt(pa >> PAGE_SHIFT), 0xff, CHUNK);
            hostmap_range(M2P_VIRT + offset, pa, CHUNK, HPROT_RO | HPROT_USER);
            hostmap_range(M2P_RW_VIRT + offset, pa, CHUNK, HPROT_RW);
        } else {
            hostmap_hole(M2P_VIRT + offset, hole, HPROT_RO | HPROT_USER);
        }
    }
}
