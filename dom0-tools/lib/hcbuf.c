/* SPDX-License-Identifier: MIT */
/*
 * Memory that a hypercall may touch. The kernel may at any time make ordinary user pages not
 * present (migration, compaction), and the hypervisor would then fail with EFAULT. Pages of
 * /dev/xen/hypercall stay put; on a kernel without it, locked memory is the next best.
 */
#include "lib/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_frames(size_t size)
{
    return (size + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);
}

static void *map_locked(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    /* A child's copy-on-write would take the page from under us. */
    madvise(p, size, MADV_DONTFORK);
    return p;
}

void *parador_hcbuf_alloc(struct parador_handle *h, size_t size)
{
    void *p;

    if (size == 0 || size > SIZE_MAX / 2) {
        parador_fail(h, EINVAL, "a hypercall buffer of %zu bytes makes no sense", size);
        return NULL;
    }
    size = whole_frames(size);
    if (size == FRAME_SIZE && h->hcbuf_cached) {
        p = h->hcbuf_cache[--h->hcbuf_cached];
        memset(p, 0, FRAME_SIZE);
        return p;
    }
    if (h->hcbuf_fd == -1) {
        h->hcbuf_fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
        if (h->hcbuf_fd < 0)
            h->hcbuf_fd = -2;
    }
    if (h->hcbuf_fd >= 0) {
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, h->hcbuf_fd, 0);
        if (p == MAP_FAILED)
            p = NULL;
    } else {
        p = map_locked(size);
    }
    if (!p) {
        handle_fail_errno(h, "no memory for a hypercall buffer");
        return NULL;
    }
    memset(p, 0, size);
    return p;
}

void parador_hcbuf_free(struct parador_handle *h, void *buf, size_t size)
{
    int saved = errno;

    if (!buf)
        return;
    size = whole_frames(size);
    if (size == FRAME_SIZE && h->hcbuf_cached < HCBUF_CACHE)
        h->hcbuf_cache[h->hcbuf_cached++] = buf;
    else
        munmap(buf, size);
    errno = saved;
}

void hcbuf_release(struct parador_handle *h)
{
    while (h->hcbuf_cached)
        munmap(h->hcbuf_cache[--h->hcbuf_cached], FRAME_SIZE);
}
