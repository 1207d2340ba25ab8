/* SPDX-License-Identifier: MIT */
/*
 * Paravirtual block device: messages between frontend (guest) and backend.
 *
 * Sectors are 512 bytes everywhere in this protocol, whatever the device's own sector-size.
 * Xenstore, backend: state, sectors, sector-size, physical-sector-size, info (VDISK_*),
 *   feature-barrier, feature-flush-cache, feature-discard, feature-persistent, max-ring-page-order,
 *   feature-max-indirect-segments, multi-queue-max-queues, params, mode, type
 * Xenstore, frontend: state, virtual-device, ring-ref (or ring-ref0.. with ring-page-order),
 *   event-channel, protocol ("x86_64-abi"), feature-persistent
 */
#ifndef PUBLIC_IO_BLKIF_H
#define PUBLIC_IO_BLKIF_H

#include "ring.h"
#include "../types.h"

/* blkif_request.operation */
#define BLKIF_OP_READ               0
#define BLKIF_OP_WRITE              1
#define BLKIF_OP_WRITE_BARRIER      2 /* feature-barrier */
#define BLKIF_OP_FLUSH_DISKCACHE    3 /* feature-flush-cache; no segments */
#define BLKIF_OP_RESERVED_1         4
#define BLKIF_OP_DISCARD            5 /* feature-discard: blkif_request_discard */
#define BLKIF_OP_INDIRECT           6 /* blkif_request_indirect */

#define BLKIF_MAX_SEGMENTS_PER_REQUEST          11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST    8

/* blkif_request_discard.flag */
#define BLKIF_DISCARD_SECURE        (1 << 0) /* overwrite, do not only forget */

/* blkif_response.status */
#define BLKIF_RSP_EOPNOTSUPP        -2
#define BLKIF_RSP_ERROR             -1
#define BLKIF_RSP_OKAY              0

/* "info" node */
#define VDISK_CDROM                 0x1
#define VDISK_REMOVABLE             0x2
#define VDISK_READONLY              0x4

#ifndef __ASSEMBLER__

typedef uint16_t blkif_vdev_t;
typedef uint64_t blkif_sector_t;

/* Part of one granted page, sectors first_sect to last_sect inclusive, 0 to 7. */
struct blkif_request_segment {
    grant_ref_t gref;
    uint8_t first_sect, last_sect;
};

struct blkif_request {
    uint8_t operation;
    uint8_t nr_segments;
    blkif_vdev_t handle;            /* virtual-device */
    uint64_t id;                    /* echoed */
    blkif_sector_t sector_number;
    struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

struct blkif_request_discard {
    uint8_t operation;              /* BLKIF_OP_DISCARD */
    uint8_t flag;
    blkif_vdev_t handle;
    uint64_t id;
    blkif_sector_t sector_number;
    uint64_t nr_sectors;
};

/* Segments lie in granted pages, 512 in each. */
struct blkif_request_indirect {
    uint8_t operation;              /* BLKIF_OP_INDIRECT */
    uint8_t indirect_op;            /* BLKIF_OP_READ, BLKIF_OP_WRITE, ... */
    uint16_t nr_segments;
    uint64_t id;
    blkif_sector_t sector_number;
    blkif_vdev_t handle;
    grant_ref_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};

struct blkif_response {
    uint64_t id;
    uint8_t operation;
    int16_t status;
};

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_IO_BLKIF_H */
