/* SPDX-License-Identifier: MIT */
/* Frames that are no guest's, as tools map them: the machine-to-phys table, and nobody's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/parador.h"

#define EXTENTS 16
#define FRAMES_PER_EXTENT 512
#define NOBODY 999
#define NOBODYS 100

static void fail(const char *what)
{
    printf("FAIL: %s\n", what);
    exit(1);
}

/* Linux believes the number of requests done even where all were refused. */
static void map_nobodys(struct parador_handle *h)
{
    uint64_t mfns[NOBODYS];

    for (unsigned i = 0; i < NOBODYS; i++)
        mfns[i] = 0x1000 + i;
    errno = 0;
    if (parador_foreign_map(h, NOBODY, PROT_READ, NOBODYS, mfns) || errno != ESRCH)
        fail(errno ? parador_error(h) : "frames of a domain that does not exist are mapped");
}

int main(void)
{
    struct parador_handle *h = parador_open();
    struct xen_machphys_mfn_list *list = h ? parador_hcbuf_alloc(h, sizeof(*list)) : NULL;
    uint64_t *extents = h ? parador_hcbuf_alloc(h, EXTENTS * sizeof(*extents)) : NULL;
    const uint64_t *table;

    if (!list || !extents)
        fail("no memory for a hypercall");
    list->max_extents = EXTENTS;
    list->extent_start = (uint64_t)extents;
    if (parador_hypercall(h, __HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, (uint64_t)list, 0, 0,
                          0) != 0)
        fail("XENMEM_machphys_mfn_list");
    if (list->nr_extents == 0 || list->nr_extents > EXTENTS)
        fail("the number of extents");
    if (extents[0] == 0 || extents[0] % FRAMES_PER_EXTENT != 0)
        fail("the first extent is no 2 MiB of the table");
    table = parador_foreign_map(h, DOMID_XEN, PROT_READ, 1, extents);
    if (!table)
        fail(parador_error(h));
    /* Frame 0 is no domain's; entries without a pfn read as all ones. */
    if (table[0] != ~0ULL)
        fail("what is mapped is not the table");
    parador_foreign_unmap(h, (void *)table, 1);
    map_nobodys(h);
    parador_close(h);
    return 0;
}
