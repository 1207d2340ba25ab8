/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of /dev/xen/privcmd. Numbers and layouts as in Linux's include/uapi/xen/privcmd.h,
 * which itself cannot be compiled outside the kernel tree.
 */
#ifndef PARADOR_LIB_LINUX_PRIVCMD_H
#define PARADOR_LIB_LINUX_PRIVCMD_H

#include <stdint.h>
#include <sys/ioctl.h>

struct linux_privcmd_hypercall {
    uint64_t op;
    uint64_t arg[5];
};

struct linux_privcmd_mmapbatch {
    unsigned int num;      /* frames to map */
    uint16_t dom;          /* whose frames */
    uint64_t addr;         /* start of a range mmap()ed from privcmd */
    const uint64_t *frames;
    int *err;              /* OUT: one negative errno (or 0) per frame */
};

#define LINUX_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct linux_privcmd_hypercall))
#define LINUX_PRIVCMD_MMAPBATCH_V2 _IOC(_IOC_NONE, 'P', 4, sizeof(struct linux_privcmd_mmapbatch))

_Static_assert(sizeof(struct linux_privcmd_hypercall) == 48, "part of the ioctl number");
_Static_assert(sizeof(struct linux_privcmd_mmapbatch) == 32, "part of the ioctl number");

#endif
