/* SPDX-License-Identifier: MIT */
/* Grants: mapping what a guest granted, and granting a new guest's two rings to dom0. */
#include "lib/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/gntdev.h>

struct parador_gnttab {
    struct parador_handle *h;
    int fd;
};

struct parador_gnttab *parador_gnttab_open(struct parador_handle *h)
{
    struct parador_gnttab *g = calloc(1, sizeof(*g));

    if (!g) {
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    g->h = h;
    g->fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    if (g->fd < 0) {
        parador_fail(h, errno, "cannot open /dev/xen/gntdev (%s): is the xen-gntdev module loaded?",
                     strerror(errno));
        free(g);
        return NULL;
    }
    return g;
}

void parador_gnttab_close(struct parador_gnttab *g)
{
    if (!g)
        return;
    close(g->fd);
    free(g);
}

void *parador_gnttab_map(struct parador_gnttab *g, domid_t domid, uint32_t ref, int prot)
{
    struct ioctl_gntdev_map_grant_ref map = {
        .count = 1, .refs = {{.domid = domid, .ref = ref}},
    };
    struct ioctl_gntdev_unmap_grant_ref unmap;
    int err;
    void *p;

    if (ioctl(g->fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0) {
        parador_fail(g->h, errno, "cannot map grant %u of domain %u: %s", ref, domid,
                     strerror(errno));
        return NULL;
    }
    p = mmap(NULL, FRAME_SIZE, prot, MAP_SHARED, g->fd, (off_t)map.index);
    if (p != MAP_FAILED)
        return p;
    err = errno;
    unmap = (struct ioctl_gntdev_unmap_grant_ref){.index = map.index, .count = 1};
    ioctl(g->fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
    parador_fail(g->h, err, "cannot map grant %u of domain %u: %s", ref, domid, strerror(err));
    return NULL;
}

int parador_gnttab_unmap(struct parador_gnttab *g, void *address)
{
    struct ioctl_gntdev_get_offset_for_vaddr where = {.vaddr = (uintptr_t)address};
    struct ioctl_gntdev_unmap_grant_ref unmap = {.count = 1};

    if (ioctl(g->fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where) < 0)
        return parador_fail(g->h, errno, "that address is no mapped grant: %s", strerror(errno));
    munmap(address, FRAME_SIZE);
    unmap.index = where.offset;
    if (ioctl(g->fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap) < 0)
        return parador_fail(g->h, errno, "cannot release a grant: %s", strerror(errno));
    return 0;
}

/* Makes the guest's grant table exist and tells the frame of its first page. */
static int first_frame(struct parador_handle *h, domid_t domid, uint64_t *mfn)
{
    struct gnttab_setup_table *op = parador_hcbuf_alloc(h, sizeof(*op));
    xen_pfn_t *list = parador_hcbuf_alloc(h, sizeof(*list));
    long ret = -1;

    if (op && list) {
        op->dom = domid;
        op->nr_frames = 1;
        op->frame_list = (uintptr_t)list;
        ret = parador_hypercall(h, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (uintptr_t)op,
                                1, 0, 0);
        if (ret < 0) {
            if (h->privcmd_fd >= 0)
                handle_fail_errno(h, "cannot set up the guest's grant table");
        } else if (op->status != GNTST_okay) {
            ret = parador_fail(h, EIO, "cannot set up the guest's grant table: grant status %d",
                               op->status);
        } else {
            *mfn = *list;
        }
    }
    parador_hcbuf_free(h, list, sizeof(*list));
    parador_hcbuf_free(h, op, sizeof(*op));
    return ret < 0 ? -1 : 0;
}

int parador_gnttab_seed(struct parador_handle *h, domid_t domid, uint64_t console_mfn,
                        uint64_t store_mfn)
{
    struct grant_entry_v1 *table;
    uint64_t mfn = 0;

    if (console_mfn > UINT32_MAX || store_mfn > UINT32_MAX)
        return parador_fail(h, EOVERFLOW, "a ring lies above what a grant entry can name");
    if (first_frame(h, domid, &mfn) < 0)
        return -1;
    table = parador_foreign_map_one(h, domid, PROT_READ | PROT_WRITE, mfn);
    if (!table)
        return parador_fail_in(h, "cannot fill the guest's grant table");
    table[GNTTAB_RESERVED_CONSOLE].domid = 0;
    table[GNTTAB_RESERVED_CONSOLE].frame = (uint32_t)console_mfn;
    table[GNTTAB_RESERVED_CONSOLE].flags = GTF_permit_access;
    table[GNTTAB_RESERVED_XENSTORE].domid = 0;
    table[GNTTAB_RESERVED_XENSTORE].frame = (uint32_t)store_mfn;
    table[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;
    parador_foreign_unmap(h, table, 1);
    return 0;
}
