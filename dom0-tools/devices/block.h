/* SPDX-License-Identifier: MIT */
/* What stands behind a guest's disk: a block device of dom0, or a file through a loop device. */
#ifndef PARADOR_DEVICES_BLOCK_H
#define PARADOR_DEVICES_BLOCK_H

#include "lib/parador.h"

enum block_kind { BLOCK_PHY, BLOCK_FILE, BLOCK_AUTO };

/** An opened disk. Its descriptor keeps the block device until the back-end has it. */
struct block {
    int fd;                    /* the block device; -1: none */
    unsigned major, minor;
    char device[32];           /* "/dev/loop3", or "" if the target itself is the device */
    char identity[48];         /* same for every way to the same disk; a valid store name */
};

/**
 * Opens target for a guest. A file gets a loop device, which vanishes by itself when it is closed,
 * until block_keep(). On failure nothing is left.
 */
int block_open(struct parador_handle *h, const char *target, enum block_kind kind, bool readonly,
               struct block *block);

/**
 * Makes a loop device stay when we close it: from now on the store names it, and block_release()
 * has to free it.
 */
int block_keep(struct parador_handle *h, struct block *block);

/** Closes our descriptor. */
void block_close(struct block *block);

/**
 * Frees the loop device device if it still shows the file of that identity. If the back-end still
 * has it open, it goes when that closes it. A device that is free already is no failure.
 */
void block_release(struct parador_handle *h, const char *device, const char *identity);

/**
 * The number of a guest disk: "xvdb2", "sda", "hdc", "d1p3" or a plain number, as the front-end ABI
 * (public/io/blkif.h) encodes it. EINVAL with a sentence otherwise.
 */
int block_vdev(struct parador_handle *h, const char *name, unsigned *number);

#endif
