/* SPDX-License-Identifier: MIT */
/* The page of stubs through which a guest makes hypercalls. */
#ifndef PV_HYPERCALL_PAGE_H
#define PV_HYPERCALL_PAGE_H

#include <stdint.h>

struct pv_vcpu;
struct domain;

/* The MSR that cpuid leaf 0x40000002 names. */
#define PV_HYPERCALL_PAGE_MSR 0x40000000

/* Fills a 4096-byte page. */
void hypercall_page_fill(void *page);
/* Fills the frame `mfn` of d; it is held as writable meanwhile. 0, -EINVAL or -EPERM. */
int hypercall_page_init(struct domain *d, uint64_t mfn);
/*
 * A write to the MSR: bits 12 up are the frame (a machine frame, as everywhere in the pv ABI), bits
 * 0-11 a page index, 0.
 */
int hypercall_page_write(struct pv_vcpu *v, uint64_t value);

#endif
