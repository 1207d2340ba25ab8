/* SPDX-License-Identifier: MIT */
/* The control domain's first page tables. */
#ifndef BOOT_DOM0_PT_H
#define BOOT_DOM0_PT_H

#include <stdint.h>

#include "boot/dom0_layout.h"

/*
 * Writes the tables into the frames the layout set aside; p2m[pfn] is the frame of each pfn.
 * They are ordinary guest tables: the page-type system validates them like any others. Returns
 * the root's mfn.
 */
uint64_t dom0_pt_build(const struct dom0_layout *l, const uint64_t *p2m);

#endif
