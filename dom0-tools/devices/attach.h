/* SPDX-License-Identifier: MIT */
/* Split devices of a guest: their two store directories, and their life as XenbusStates. */
#ifndef PARADOR_DEVICES_ATTACH_H
#define PARADOR_DEVICES_ATTACH_H

#include "devices/block.h"

/** Longest path of a device's directory here. */
#define DEVICE_PATH_MAX 96

/** How long a back-end may take to answer. */
#define DEVICE_TIMEOUT_MS 10000

/** A device of a guest with its back-end in dom0. */
struct device {
    const char *kind;          /* "vbd" or "vif" */
    domid_t domid;
    unsigned devid;
};

/** What a disk's entries say. */
struct device_vbd {
    const char *vdev;          /* as the user wrote it */
    const char *target;
    bool readonly, cdrom, discard;
    bool shared;               /* allow what device_claim_disk() would refuse */
    const struct block *block;
};

/** What a network interface's entries say. */
struct device_vif {
    uint8_t mac[6];
    const char *bridge;
    const char *ip;            /* or NULL */
    const char *vifname;       /* or NULL */
};

/** Path of the back-end's or front-end's directory. */
void device_backend_path(const struct device *device, char path[DEVICE_PATH_MAX]);
void device_frontend_path(const struct device *device, char path[DEVICE_PATH_MAX]);

/** Fails (ENODEV) with a sentence unless dom0's kernel has a back-end driver for kind. */
int device_check_driver(struct parador_handle *h, const char *kind);

/**
 * Enters a disk as used by device in transaction tx. EBUSY with a sentence if another guest has it
 * and one of the two may write. Not to be called inside a batch.
 */
int device_claim_disk(struct parador_handle *h, store_tx tx, const struct device *device,
                      const struct device_vbd *vbd);

/** Removes the entry of device_claim_disk(). */
void device_drop_disk(struct parador_handle *h, const struct device *device, const char *identity);

/** Writes both directories of a device in transaction tx, in state Initialising. */
int device_write_vbd(struct parador_handle *h, store_tx tx, const struct device *device,
                     const struct device_vbd *vbd);
int device_write_vif(struct parador_handle *h, store_tx tx, const struct device *device,
                     const struct device_vif *vif);

/** Waits until the back-ends of all devices wait for the guest. ETIMEDOUT, EIO with a sentence. */
int device_wait_ready(struct parador_handle *h, const struct device *devices, size_t count,
                      int timeout_ms);

/** Tells the back-end that the user-space part is done (no hotplug script does it). */
int device_hotplug_done(struct parador_handle *h, const struct device *device);

/** The devices of a domain on their way out. */
struct device_ending;

/**
 * Tells all back-ends of a domain that does not run any more to close, and removes the front-ends'
 * entries. Works on half-made and half-removed devices. NULL with a sentence on failure.
 */
struct device_ending *device_end_begin(struct parador_handle *h, domid_t domid);

/**
 * Waits for the back-ends, frees loop devices, removes all entries, frees ending. A back-end that
 * does not close in time has its entries removed all the same; then the result is -1 with
 * ETIMEDOUT.
 */
int device_end_finish(struct parador_handle *h, struct device_ending *ending, int timeout_ms);

#endif
