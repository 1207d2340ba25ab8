/* SPDX-License-Identifier: MIT */
/* Frames of other domains, mapped into this process. */
#include "lib/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/linux_privcmd.h"

/* Frames per ioctl: keeps the error array at 64 KiB. */
#define FRAMES_PER_CALL 16384u

/* Maps one batch at address; -1 with a sentence if any frame is refused. */
static int map_batch(struct parador_handle *h, domid_t domid, void *address, size_t count,
                     const uint64_t *mfns, int *errors)
{
    struct linux_privcmd_mmapbatch batch = {
        .num = (unsigned)count, .dom = domid, .addr = (uintptr_t)address,
        .frames = mfns, .err = errors,
    };
    int err = 0;
    size_t i;

    memset(errors, 0, count * sizeof(*errors));
    if (ioctl(h->privcmd_fd, LINUX_PRIVCMD_MMAPBATCH_V2, &batch) < 0)
        err = errno;
    /* Only ENOENT makes the whole call fail; other refusals show in the array alone. */
    for (i = 0; i < count; i++) {
        if (errors[i] < 0)
            return parador_fail(h, -errors[i], "cannot map frame 0x%llx of domain %u: %s",
                                (unsigned long long)mfns[i], domid, strerror(-errors[i]));
    }
    if (!err)
        return 0;
    return parador_fail(h, err, "cannot map %zu frames of domain %u: %s", count, domid,
                        strerror(err));
}

void *parador_foreign_map(struct parador_handle *h, domid_t domid, int prot, size_t count,
                          const uint64_t *mfns)
{
    size_t size, done = 0;
    int *errors;
    char *p;

    if (handle_privcmd(h) < 0)
        return NULL;
    if (count == 0 || count > SIZE_MAX / 2 / FRAME_SIZE) {
        parador_fail(h, EINVAL, "a mapping of %zu frames makes no sense", count);
        return NULL;
    }
    size = count * FRAME_SIZE;
    errors = malloc((count < FRAMES_PER_CALL ? count : FRAMES_PER_CALL) * sizeof(*errors));
    if (!errors) {
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    p = mmap(NULL, size, prot, MAP_SHARED, h->privcmd_fd, 0);
    if (p == MAP_FAILED) {
        handle_fail_errno(h, "cannot reserve address space for guest memory");
        free(errors);
        return NULL;
    }
    while (done < count) {
        size_t now = count - done < FRAMES_PER_CALL ? count - done : FRAMES_PER_CALL;

        if (map_batch(h, domid, p + done * FRAME_SIZE, now, mfns + done, errors) < 0) {
            parador_foreign_unmap(h, p, count);
            p = NULL;
            break;
        }
        done += now;
    }
    free(errors);
    return p;
}

void *parador_foreign_map_one(struct parador_handle *h, domid_t domid, int prot, uint64_t mfn)
{
    return parador_foreign_map(h, domid, prot, 1, &mfn);
}

void parador_foreign_unmap(struct parador_handle *h, void *address, size_t count)
{
    int saved = errno;

    (void)h;
    if (address)
        munmap(address, count * FRAME_SIZE);
    errno = saved;
}
