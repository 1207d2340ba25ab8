/* SPDX-License-Identifier: MIT */
/* A domain's memory: giving, taking, limits, and pinning its first page table. */
#include "lib/internal.h"

#include <errno.h>
#include <string.h>

/* Extents per hypercall: 64 KiB of frame numbers keeps the buffer small and the calls few. */
#define EXTENTS_PER_CALL 8192u

/* One populate or decrease call; returns how many extents were done, or -1. */
static long reservation(struct parador_handle *h, unsigned cmd, domid_t domid, unsigned order,
                        uint64_t count, uint64_t *extents)
{
    struct xen_memory_reservation *op;
    xen_pfn_t *list;
    long done = -1;

    op = parador_hcbuf_alloc(h, sizeof(*op));
    list = parador_hcbuf_alloc(h, count * sizeof(*list));
    if (op && list) {
        memcpy(list, extents, count * sizeof(*list));
        op->extent_start = (uintptr_t)list;
        op->nr_extents = count;
        op->extent_order = order;
        op->domid = domid;
        done = parador_hypercall(h, __HYPERVISOR_memory_op, cmd, (uintptr_t)op, 0, 0, 0);
        if (done < 0 && h->privcmd_fd >= 0)
            parador_fail(h, errno, "memory operation %u on domain %u: %s", cmd, domid,
                         strerror(errno));
        if (done > 0)
            memcpy(extents, list, (size_t)done * sizeof(*list));
    }
    parador_hcbuf_free(h, list, count * sizeof(*list));
    parador_hcbuf_free(h, op, sizeof(*op));
    return done;
}

int parador_memory_populate(struct parador_handle *h, domid_t domid, unsigned order, uint64_t count,
                            uint64_t *extents, uint64_t *done)
{
    *done = 0;
    while (*done < count) {
        uint64_t now = count - *done;
        long made;

        if (now > EXTENTS_PER_CALL)
            now = EXTENTS_PER_CALL;
        made = reservation(h, XENMEM_populate_physmap, domid, order, now, extents + *done);
        if (made < 0)
            return -1;
        *done += (uint64_t)made;
        if ((uint64_t)made < now)
            return parador_fail(h, ENOMEM, "the hypervisor has no more free memory");
    }
    return 0;
}

int parador_memory_decrease(struct parador_handle *h, domid_t domid, uint64_t count,
                            const uint64_t *mfns)
{
    uint64_t batch[512];
    uint64_t done = 0;

    while (done < count) {
        uint64_t now = count - done;
        long freed;

        if (now > sizeof(batch) / sizeof(batch[0]))
            now = sizeof(batch) / sizeof(batch[0]);
        memcpy(batch, mfns + done, now * sizeof(batch[0]));
        freed = reservation(h, XENMEM_decrease_reservation, domid, 0, now, batch);
        if (freed < 0)
            return -1;
        if ((uint64_t)freed < now)
            return parador_fail(h, EBUSY, "domain %u keeps frames that are still in use", domid);
        done += now;
    }
    return 0;
}

int parador_memory_set_map(struct parador_handle *h, domid_t domid, uint64_t kib)
{
    /* One entry as BIOS e820 gives it: u64 start, u64 size, u32 type (1 is RAM), packed. */
    struct __attribute__((packed)) {
        uint64_t start, size;
        uint32_t type;
    } *entry;
    struct xen_foreign_memory_map *op;
    long ret = -1;

    op = parador_hcbuf_alloc(h, sizeof(*op));
    entry = parador_hcbuf_alloc(h, sizeof(*entry));
    if (op && entry) {
        entry->size = kib << 10;
        entry->type = 1;
        op->domid = domid;
        op->map.nr_entries = 1;
        op->map.buffer = (uintptr_t)entry;
        ret = parador_hypercall(h, __HYPERVISOR_memory_op, XENMEM_set_memory_map, (uintptr_t)op, 0,
                                0, 0);
        /* A guest without a map takes nr_pages of its start info: nothing is lost. */
        if (ret < 0 && errno == ENOSYS)
            ret = 0;
        if (ret < 0 && h->privcmd_fd >= 0)
            handle_fail_errno(h, "cannot set the guest's memory map");
    }
    parador_hcbuf_free(h, entry, sizeof(*entry));
    parador_hcbuf_free(h, op, sizeof(*op));
    return ret < 0 ? -1 : 0;
}

long parador_memory_maximum(struct parador_handle *h, domid_t domid)
{
    domid_t *op = parador_hcbuf_alloc(h, sizeof(*op));
    long ret;

    if (!op)
        return -1;
    *op = domid;
    ret = parador_hypercall(h, __HYPERVISOR_memory_op, XENMEM_maximum_reservation, (uintptr_t)op, 0,
                            0, 0);
    if (ret < 0 && h->privcmd_fd >= 0)
        handle_fail_errno(h, "cannot read a domain's memory limit");
    parador_hcbuf_free(h, op, sizeof(*op));
    return ret;
}

#define CLEAR_BATCH (FRAME_SIZE / sizeof(struct mmuext_op))

int parador_memory_clear(struct parador_handle *h, domid_t domid, const uint64_t *mfns,
                         uint64_t count)
{
    struct mmuext_op *op = parador_hcbuf_alloc(h, FRAME_SIZE);
    uint64_t i, n;
    long ret = 0;

    if (!op)
        return -1;
    for (; count && ret >= 0; count -= n, mfns += n) {
        n = count < CLEAR_BATCH ? count : CLEAR_BATCH;
        for (i = 0; i < n; i++)
            op[i] = (struct mmuext_op){.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = mfns[i]};
        ret = parador_hypercall(h, __HYPERVISOR_mmuext_op, (uintptr_t)op, n, 0, domid, 0);
    }
    parador_hcbuf_free(h, op, FRAME_SIZE);
    if (ret < 0 && h->privcmd_fd >= 0)
        handle_fail_errno(h, "cannot clear a guest's memory");
    return ret < 0 ? -1 : 0;
}

int parador_memory_pin_l4(struct parador_handle *h, domid_t domid, uint64_t mfn)
{
    struct mmuext_op *op = parador_hcbuf_alloc(h, sizeof(*op));
    long ret;

    if (!op)
        return -1;
    op->cmd = MMUEXT_PIN_L4_TABLE;
    op->arg1.mfn = mfn;
    ret = parador_hypercall(h, __HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0, domid, 0);
    parador_hcbuf_free(h, op, sizeof(*op));
    if (ret < 0 && h->privcmd_fd >= 0)
        handle_fail_errno(h, "the hypervisor refused the guest's initial page tables");
    return ret < 0 ? -1 : 0;
}
