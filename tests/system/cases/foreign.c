/* SPDX-License-Identifier: MIT */
/*
 * Frames that are no live guest's, as tools map them: the machine-to-phys table, nobody's, and a
 * dying domain's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* A mapped frame keeps a destroyed domain; nothing that is done to it then may keep it longer. */
static void end_of_a_domain(struct parador_handle *h)
{
    struct parador_domain_limits limits = { .max_vcpus = 1 };
    struct vcpu_guest_context *context = parador_hcbuf_alloc(h, sizeof(*context));
    struct xen_domctl_getdomaininfo info;
    uint64_t frame = 0, done;
    domid_t id;
    void *at;

    if (!context || parador_domain_create(h, &limits, &id) ||
        parador_domain_max_vcpus(h, id, 1) || parador_domain_max_mem(h, id, 64) ||
        parador_memory_populate(h, id, 0, 1, &frame, &done))
        fail(parador_error(h));
    at = parador_foreign_map_one(h, id, PROT_READ, frame);
    if (!at || parador_domain_destroy(h, id))
        fail(parador_error(h));
    if (parador_domain_info(h, id, &info) || !(info.flags & XEN_DOMINF_dying))
        fail("a domain with a mapped frame is gone");
    context->flags = VGCF_in_kernel;
    context->ctrlreg[3] = frame << 12; /* a frame of zeros is a top-level table */
    if (parador_domain_set_context(h, id, 0, context) == 0)
        printf("a dying domain's vcpu has got page tables\n");
    parador_foreign_unmap(h, at, 1);
    for (unsigned i = 0; i < 100 && parador_domain_info(h, id, &info) == 0; i++)
        usleep(100000);
    if (parador_domain_info(h, id, &info) == 0)
        fail("a destroyed domain does not go");
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
    end_of_a_domain(h);
    parador_close(h);
    return 0;
}
