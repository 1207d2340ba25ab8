/* SPDX-License-Identifier: MIT */
/*
 * Guests' descriptor tables: which descriptors are safe, the GDT and LDT of a vcpu, segment look-
 * up.
 */
#ifndef PV_DESCRIPTOR_H
#define PV_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/pv.h"

struct page_info;

/*
 * May a guest have this 8-byte descriptor in its GDT or LDT? Anything absent (P = 0) and any code
 * or data segment of privilege 3 may; gates and system descriptors may not. `*desc` is made fit
 * where that loses nothing (the accessed bit is set, so that the processor never writes to the
 * table).
 */
bool pv_desc_fix(uint64_t *desc);
/*
 * Checks and fixes all 512 descriptors of a frame that becomes PGT_DESC (pv/ptype calls it). 0 or
 * -EINVAL.
 */
int pv_validate_desc_page(struct page_info *pg);

/*
 * Replaces v's GDT by `n` frames holding `entries` descriptors. 0 or -errno with the old one still
 * in place. v is current or not running. Interrupts on.
 */
int pv_set_gdt(struct pv_vcpu *v, const uint64_t *mfns, unsigned entries);
/*
 * MMUEXT_SET_LDT: `entries` descriptors at guest address base, page-aligned. 0 or -errno, likewise.
 */
int pv_set_ldt(struct pv_vcpu *v, uint64_t base, unsigned entries);
/* Drops the references of both tables. v will not run again with them. */
void pv_drop_descriptor_tables(struct pv_vcpu *v);
/* update_descriptor: 0 or -EINVAL. */
int pv_update_descriptor(struct domain *d, uint64_t maddr, uint64_t desc);

/* What a selector of the running guest means. */
struct segment {
    uint64_t base;       /* from the descriptor: FS and GS bases of 64-bit code are not here */
    uint32_t limit;      /* last byte */
    bool long_mode, big, code, writable, expand_down;
};
/* False: null, absent or out of bounds. v is current. */
bool pv_segment(struct pv_vcpu *v, uint16_t sel, struct segment *s);

/*
 * The linear address of [seg:ea, +len) with `ad_bytes` of address for the current vcpu; false when
 * the guest may not access it: not canonical, ours, or beyond the segment's limit.
 */
bool pv_linear(struct pv_vcpu *v, unsigned seg, bool long_mode, uint64_t ea, unsigned ad_bytes,
               unsigned len, uint64_t *va);

#endif
