/* SPDX-License-Identifier: MIT */
/* What passed through guests' devices, as dom0's back-ends count it. */
#ifndef PARADOR_DEVICES_COUNTERS_H
#define PARADOR_DEVICES_COUNTERS_H

#include "lib/parador.h"

enum device_kind { DEVICE_VIF, DEVICE_VBD, DEVICE_KINDS };

/* Of a network interface, as its guest sees it: rx is what the guest received. */
enum vif_counter {
    VIF_RX_BYTES, VIF_RX_PACKETS, VIF_RX_DROPPED, VIF_TX_BYTES, VIF_TX_PACKETS, VIF_TX_DROPPED,
    VIF_COUNTERS
};

/* Of a disk: requests, and sectors of 512 bytes. VBD_SHORT: requests that found no room in dom0. */
enum vbd_counter {
    VBD_READS, VBD_WRITES, VBD_FLUSHES, VBD_DISCARDS, VBD_READ_SECTORS, VBD_WRITTEN_SECTORS,
    VBD_SHORT,
    VBD_COUNTERS
};

#define DEVICE_COUNTERS VBD_COUNTERS /* the larger of both */

struct device_usage {
    enum device_kind kind;
    domid_t domid;
    uint32_t devid;
    uint64_t count[DEVICE_COUNTERS];
};

/** How many of a device's counters its kind has. */
unsigned device_counters(enum device_kind kind);

/**
 * Reads the counters of all guests' devices, in order of domid, kind and devid; *list is malloc'd.
 * They count from the moment the guest's driver connected, and are zero once it has closed the
 * device. A machine without back-ends has none.
 */
int device_usage_read(struct parador_handle *h, struct device_usage **list, size_t *count);

/**
 * Writes the counters, the UUID and the name of a domain whose devices are about to go to
 * RUN/farewell/<domid> (RUN: /run/parador or $PARADOR_RUN_DIR), for who keeps accounts. If that
 * has been done for this guest already it stays: the counters have become smaller since. Failing
 * is only logged.
 */
void device_farewell(struct parador_handle *h, domid_t domid);

/** What device_farewell() wrote. */
struct farewell {
    char uuid[37];
    char name[128];
    struct device_usage *devices; /* malloc'd */
    size_t count;
};

/** Reads it: -1 with ENOENT if there is none. */
int farewell_read(domid_t domid, struct farewell *f);
void farewell_remove(domid_t domid);

#endif
