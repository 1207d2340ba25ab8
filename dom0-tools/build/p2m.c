/* SPDX-License-Identifier: MIT */
/* Populating a guest and writing its P2M. */
#include "build/p2m.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SUPER_ORDER 9u
#define SUPER_PAGES ((uint64_t)1 << SUPER_ORDER)
/* 2 MiB extents per call of the library: 4 GiB at a time. */
#define SUPER_BATCH 2048u

/*
 * Populates from pfn on with large extents as far as they go; returns the next pfn without frame.
 */
static uint64_t populate_large(struct p2m *p2m, uint64_t *extents)
{
    uint64_t pfn = 0;

    while (p2m->nr_pages - pfn >= SUPER_PAGES) {
        uint64_t count = (p2m->nr_pages - pfn) / SUPER_PAGES, done, i, j;
        int ret;

        if (count > SUPER_BATCH)
            count = SUPER_BATCH;
        for (i = 0; i < count; i++)
            extents[i] = pfn + i * SUPER_PAGES;
        ret = parador_memory_populate(p2m->h, p2m->domid, SUPER_ORDER, count, extents, &done);
        for (i = 0; i < done; i++) {
            for (j = 0; j < SUPER_PAGES; j++)
                p2m->mfn[pfn++] = extents[i] + j;
        }
        if (ret < 0)
            break; /* memory is in small pieces, or short: single frames will tell */
    }
    return pfn;
}

int p2m_populate(struct p2m *p2m, struct parador_handle *h, domid_t domid, uint64_t nr_pages)
{
    uint64_t *extents, pfn, done, i;
    int ret = 0;

    p2m->h = h;
    p2m->domid = domid;
    p2m->nr_pages = nr_pages;
    p2m->mfn = malloc(nr_pages * sizeof(*p2m->mfn));
    extents = malloc(SUPER_BATCH * sizeof(*extents));
    if (!p2m->mfn || !extents) {
        free(extents);
        p2m_free(p2m);
        return parador_fail(h, ENOMEM, "no memory in dom0 for a list of %llu frames",
                            (unsigned long long)nr_pages);
    }
    pfn = populate_large(p2m, extents);
    free(extents);
    if (pfn < nr_pages) {
        for (i = pfn; i < nr_pages; i++)
            p2m->mfn[i] = i;
        ret = parador_memory_populate(h, domid, 0, nr_pages - pfn, p2m->mfn + pfn, &done);
        if (ret < 0 && errno == ENOMEM)
            parador_fail(h, ENOMEM, "the machine has not enough free memory: %llu of %llu MiB were "
                                    "left", (unsigned long long)((pfn + done) >> 8),
                         (unsigned long long)(nr_pages >> 8));
    }
    if (ret < 0)
        p2m_free(p2m);
    return ret;
}

static int p2m_check(const struct p2m *p2m, uint64_t pfn, uint64_t count)
{
    if (pfn < p2m->nr_pages && count <= p2m->nr_pages - pfn)
        return 0;
    return parador_fail(p2m->h, EINVAL, "pages %llu+%llu lie outside of the guest",
                        (unsigned long long)pfn, (unsigned long long)count);
}

void *p2m_map(const struct p2m *p2m, uint64_t pfn, uint64_t count)
{
    if (p2m_check(p2m, pfn, count) < 0)
        return NULL;
    return parador_foreign_map(p2m->h, p2m->domid, PROT_READ | PROT_WRITE, count, p2m->mfn + pfn);
}

void p2m_unmap(const struct p2m *p2m, void *address, uint64_t count)
{
    parador_foreign_unmap(p2m->h, address, count);
}

int p2m_write(const struct p2m *p2m, const struct layout *layout)
{
    size_t used = p2m->nr_pages * sizeof(*p2m->mfn);
    uint8_t *list = p2m_map(p2m, layout->p2m_pfn, layout->p2m_pages);

    if (!list)
        return -1;
    memcpy(list, p2m->mfn, used);
    /* Entries past the guest's end are invalid, not frame 0. */
    memset(list + used, 0xff, layout->p2m_pages * LAYOUT_FRAME_SIZE - used);
    p2m_unmap(p2m, list, layout->p2m_pages);
    return 0;
}

int p2m_clear(const struct p2m *p2m, uint64_t pfn, uint64_t count)
{
    if (p2m_check(p2m, pfn, count) < 0)
        return -1;
    /* Mapping frames, touching and unmapping them would take dom0 far longer. */
    return parador_memory_clear(p2m->h, p2m->domid, p2m->mfn + pfn, count);
}

void p2m_free(struct p2m *p2m)
{
    free(p2m->mfn);
    p2m->mfn = NULL;
}
