/* SPDX-License-Identifier: MIT */
/* A guest's entries in the store. */
#ifndef PARADOR_GUEST_TREE_H
#define PARADOR_GUEST_TREE_H

#include "build/build.h"
#include "devices/attach.h"
#include "guest/guest.h"

/** A disk or interface that is about to be attached. */
struct guest_device {
    struct device device;
    struct block block;        /* of a disk */
    struct device_vbd vbd;     /* if device.kind is "vbd" */
    struct device_vif vif;     /* if it is "vif" */
    char ifname[16];           /* of a vif: what the back-end calls it at first */
};

/** Numbers that config leaves to defaults, settled. */
struct guest_numbers {
    uint8_t uuid[16];
    uint64_t memory_kib, maxmem_kib;
    uint32_t vcpus, maxvcpus;
};

/**
 * Writes all entries of a new guest in one transaction: name (EEXIST), description, devices, and
 * what the guest may write to. The rings come later, with tree_write_rings().
 */
int tree_write(struct parador_handle *h, const struct guest_config *config,
               const struct guest_numbers *numbers, domid_t domid,
               const struct guest_device *devices, size_t count);

/** Writes where store and console ring are, once the guest is built. */
int tree_write_rings(struct parador_handle *h, domid_t domid, const struct build_result *built);

/** Removes every entry of domid but its back-ends (device_teardown() does those). */
int tree_remove(struct parador_handle *h, domid_t domid);

#endif
