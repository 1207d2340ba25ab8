/* SPDX-License-Identifier: MIT */
/* The machine-to-phys table: the guest-visible pfn of every machine frame. */
#ifndef MM_M2P_H
#define MM_M2P_H

#include <stdint.h>

#include "hw/layout.h"

#define M2P_INVALID (~0ULL)

/* Boot: makes the table, all M2P_INVALID; where there is no RAM a shared frame of that is seen. */
void m2p_init(void);

static inline void m2p_set(uint64_t mfn, uint64_t pfn)
{
    ((volatile uint64_t *)M2P_RW_VIRT)[mfn] = pfn;
}

#endif
