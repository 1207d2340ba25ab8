/* SPDX-License-Identifier: MIT */
/*
 * The xenstore wire protocol: messages, the shared ring that carries them, and limits.
 *
 * A message is struct xsd_sockmsg followed by len bytes. A reply has the request's type and req_id,
 * or type XS_ERROR and the error's name as payload ("ENOENT"), NUL included. Strings in payloads
 * end with NUL unless they are the last item and the table says "octets".
 */
#ifndef PUBLIC_IO_XS_WIRE_H
#define PUBLIC_IO_XS_WIRE_H

/* Type                         Request payload -> reply payload (| is NUL) */
#define XS_CONTROL              0  /* command|argument|... -> text; dom0 only */
#define XS_DEBUG                XS_CONTROL
#define XS_DIRECTORY            1  /* path| -> child|child|... */
#define XS_READ                 2  /* path| -> octets */
#define XS_GET_PERMS            3  /* path| -> permission|...: n r w b + domid; owner first */
#define XS_WATCH                4  /* path|token| -> OK|; fires once at once */
#define XS_UNWATCH              5  /* path|token| -> OK| */
#define XS_TRANSACTION_START    6  /* | -> id| */
#define XS_TRANSACTION_END      7  /* T| or F| -> OK|; EAGAIN: do it all again */
#define XS_INTRODUCE            8  /* domid|gfn|port| -> OK|; dom0 only */
#define XS_RELEASE              9  /* domid| -> OK|; dom0 only */
#define XS_GET_DOMAIN_PATH      10 /* domid| -> path| */
#define XS_WRITE                11 /* path|octets -> OK|; creates node and parents */
#define XS_MKDIR                12 /* path| -> OK| */
#define XS_RM                   13 /* path| -> OK|; with everything below */
#define XS_SET_PERMS            14 /* path|permission|... -> OK| */
#define XS_WATCH_EVENT          15 /* from the store, unasked: path|token| */
#define XS_ERROR                16 /* reply only */
#define XS_IS_DOMAIN_INTRODUCED 17 /* domid| -> T| or F| */
#define XS_RESUME               18 /* domid| -> OK|; dom0 only */
#define XS_SET_TARGET           19 /* domid|target| -> OK|; dom0 only */
#define XS_RESET_WATCHES        21 /* | -> OK|; drops the caller's watches and transactions */
#define XS_DIRECTORY_PART       22 /* path|offset| -> generation|child|...; an extra | at the end */
#define XS_TYPE_COUNT           23
#define XS_INVALID              0xffff

/* Fields of an XS_WATCH_EVENT payload. */
#define XS_WATCH_PATH           0
#define XS_WATCH_TOKEN          1

#define XS_WRITE_NONE           "NONE"
#define XS_WRITE_CREATE         "CREATE"
#define XS_WRITE_CREATE_EXCL    "CREATE|EXCL"

/* Limits; a peer that exceeds them is broken. */
#define XENSTORE_PAYLOAD_MAX    4096
#define XENSTORE_ABS_PATH_MAX   3072
#define XENSTORE_REL_PATH_MAX   2048

#define XENSTORE_RING_SIZE      1024
#define MASK_XENSTORE_IDX(idx)  ((idx) & (XENSTORE_RING_SIZE - 1))

/* xenstore_domain_interface.server_features */
#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

/* .connection: the guest sets RECONNECT and raises the channel to start afresh */
#define XENSTORE_CONNECTED      0
#define XENSTORE_RECONNECT      1

/* .error */
#define XENSTORE_ERROR_NONE     0
#define XENSTORE_ERROR_COMM     1
#define XENSTORE_ERROR_RINGIDX  2
#define XENSTORE_ERROR_PROTO    3

#ifndef __ASSEMBLER__

#include <stdint.h>

struct xsd_sockmsg {
    uint32_t type;              /* XS_* */
    uint32_t req_id;            /* echoed */
    uint32_t tx_id;             /* transaction, 0 none */
    uint32_t len;               /* bytes that follow */
};

typedef uint32_t XENSTORE_RING_IDX;

/* The ring's page; indices run freely. */
struct xenstore_domain_interface {
    char req[XENSTORE_RING_SIZE];       /* guest to store */
    char rsp[XENSTORE_RING_SIZE];       /* store to guest */
    XENSTORE_RING_IDX req_cons, req_prod;
    XENSTORE_RING_IDX rsp_cons, rsp_prod;
    uint32_t server_features;
    uint32_t connection;
    uint32_t error;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_IO_XS_WIRE_H */
