/* SPDX-License-Identifier: MIT */
/* The P2M of a new guest: giving it memory and knowing which frame each pfn is. */
#ifndef PARADOR_BUILD_P2M_H
#define PARADOR_BUILD_P2M_H

#include "build/layout.h"

/** A new guest's memory as dom0 sees it. */
struct p2m {
    struct parador_handle *h;
    domid_t domid;
    uint64_t nr_pages;
    uint64_t *mfn;             /* by pfn */
};

/**
 * Gives domid nr_pages frames, in extents of 2 MiB while there are such, and notes them. ENOMEM
 * with a sentence if the machine has not as many. On failure p2m holds nothing (the domain keeps
 * what it got).
 */
int p2m_populate(struct p2m *p2m, struct parador_handle *h, domid_t domid, uint64_t nr_pages);

/** Maps count pages from pfn on, writable. NULL with a sentence. */
void *p2m_map(const struct p2m *p2m, uint64_t pfn, uint64_t count);

void p2m_unmap(const struct p2m *p2m, void *address, uint64_t count);

/** Copies the whole list to its place in the guest. */
int p2m_write(const struct p2m *p2m, const struct layout *layout);

/** Clears count pages from pfn on. */
int p2m_clear(const struct p2m *p2m, uint64_t pfn, uint64_t count);

void p2m_free(struct p2m *p2m);

#endif
