/* SPDX-License-Identifier: MIT */
/*
 * Paravirtual network device: messages between frontend (guest) and backend, two rings.
 *
 * Transmit: a packet is one request, optional extra slots, then one request for each further
 * fragment; the first request's size is the whole packet's, the others their own. Receive: the
 * frontend posts empty pages; each response carries one fragment. An extra slot takes the place of
 * a request or response and is answered with NETIF_RSP_NULL.
 * Xenstore, frontend: tx-ring-ref, rx-ring-ref, event-channel (or -tx, -rx), request-rx-copy,
 *   feature-sg, feature-gso-tcpv4, feature-no-csum-offload, multi-queue-num-queues
 * Xenstore, backend: feature-rx-copy, feature-sg, feature-gso-tcpv4, handle, mac
 */
#ifndef PUBLIC_IO_NETIF_H
#define PUBLIC_IO_NETIF_H

#include "ring.h"
#include "../types.h"

/* Slots for one packet that every backend accepts. */
#define XEN_NETIF_NR_SLOTS_MIN      18
#define XEN_NETIF_MAX_TX_SIZE       0xFFFF

/* netif_tx_request.flags */
#define _NETTXF_csum_blank          0
#define NETTXF_csum_blank     (xen_mk_uint(1) << _NETTXF_csum_blank) /* checksum to be filled in */
#define _NETTXF_data_validated      1
#define NETTXF_data_validated (xen_mk_uint(1) << _NETTXF_data_validated) /* checksum known good */
#define _NETTXF_more_data           2
#define NETTXF_more_data      (xen_mk_uint(1) << _NETTXF_more_data) /* another fragment follows */
#define _NETTXF_extra_info          3
#define NETTXF_extra_info     (xen_mk_uint(1) << _NETTXF_extra_info) /* an extra slot follows */

/* netif_rx_response.flags */
#define _NETRXF_data_validated      0
#define NETRXF_data_validated (xen_mk_uint(1) << _NETRXF_data_validated)
#define _NETRXF_csum_blank          1
#define NETRXF_csum_blank     (xen_mk_uint(1) << _NETRXF_csum_blank)
#define _NETRXF_more_data           2
#define NETRXF_more_data      (xen_mk_uint(1) << _NETRXF_more_data)
#define _NETRXF_extra_info          3
#define NETRXF_extra_info     (xen_mk_uint(1) << _NETRXF_extra_info)
#define _NETRXF_gso_prefix          4
#define NETRXF_gso_prefix     (xen_mk_uint(1) << _NETRXF_gso_prefix)

/* netif_extra_info.type */
#define XEN_NETIF_EXTRA_TYPE_NONE       0
#define XEN_NETIF_EXTRA_TYPE_GSO        1
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD  2
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL  3
#define XEN_NETIF_EXTRA_TYPE_HASH       4
#define XEN_NETIF_EXTRA_TYPE_MAX        5
/* netif_extra_info.flags */
#define _XEN_NETIF_EXTRA_FLAG_MORE      0
#define XEN_NETIF_EXTRA_FLAG_MORE       (xen_mk_uint(1) << _XEN_NETIF_EXTRA_FLAG_MORE)

/* netif_extra_info.u.gso.type */
#define XEN_NETIF_GSO_TYPE_NONE         0
#define XEN_NETIF_GSO_TYPE_TCPV4        1
#define XEN_NETIF_GSO_TYPE_TCPV6        2

/* status of responses; netif_rx_response: a positive one is the fragment's length */
#define NETIF_RSP_DROPPED               -2
#define NETIF_RSP_ERROR                 -1
#define NETIF_RSP_OKAY                  0
#define NETIF_RSP_NULL                  1

#ifndef __ASSEMBLER__

struct netif_tx_request {
    grant_ref_t gref;
    uint16_t offset;            /* byte in the page */
    uint16_t flags;             /* NETTXF_* */
    uint16_t id;                /* echoed */
    uint16_t size;              /* bytes */
};

struct netif_extra_info {
    uint8_t type;
    uint8_t flags;
    union {
        struct {
            uint16_t size;      /* payload of each segment */
            uint8_t type;
            uint8_t pad;
            uint16_t features;  /* 0 */
        } gso;
        struct {
            uint8_t addr[6];
        } mcast;
        struct {
            uint8_t type;
            uint8_t algorithm;
            uint8_t value[4];
        } hash;
        uint16_t pad[3];
    } u;
};

struct netif_tx_response {
    uint16_t id;
    int16_t status;
};

struct netif_rx_request {
    uint16_t id;                /* echoed */
    uint16_t pad;
    grant_ref_t gref;           /* an empty page, writable */
};

struct netif_rx_response {
    uint16_t id;
    uint16_t offset;            /* byte in the page */
    uint16_t flags;             /* NETRXF_* */
    int16_t status;
};

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_IO_NETIF_H */
