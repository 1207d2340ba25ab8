/* SPDX-License-Identifier: MIT */
/*
 * Connections: the requests that come in and the answers and events that go out, over sockets and
 * rings.
 */
#ifndef STORE_CONN_H
#define STORE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/list.h"
#include "daemon/loop.h"
#include "daemon/mem.h"
#include "store/perms.h"
#include "store/ring.h"
#include "store/wire.h"

struct conn {
    struct list all;
    struct list ready;          /* has input to look at */
    struct list dirty;          /* has something to publish after the journal is written */
    struct who who;
    bool is_ring;
    bool masked;                /* rings: no event comes before the ring was looked at */
    bool faulted;               /* a ring that broke the protocol, until it reconnects */
    unsigned faults;            /* how often it broke it */
    bool overflow;              /* events were merged: all watches fire once it has drained */
    bool eof;                   /* a socket that will send nothing more */
    bool blocked;               /* not read because it does not take its answers */
    struct loop_fd io;          /* sockets */
    struct ring ring;           /* rings */
    uint32_t published_in;      /* rings: in_pos as the guest was told last */
    struct buf in;              /* bytes received; of a ring, less than a message */
    struct buf out;             /* bytes to be sent, from `out_sent` on */
    size_t out_sent;
    struct list watches;
    struct list transactions;
    uint32_t last_txid;
    uint64_t hold_until;        /* no request is read before this time (loop_now) */
};

/* A request while it is handled. */
struct request {
    struct xsd_sockmsg head;
    char *data;                 /* head.len bytes and a NUL that is not part of them */
    struct txn *txn;            /* NULL outside a transaction */
};

/* Make a connection for a socket that was accepted; it acts as domain 0. Closes fd on failure. */
void conn_open_socket(int fd);

/* Make the connection of a domain whose ring is mapped and bound. */
struct conn *conn_open_ring(uint16_t domid, const struct ring *ring);

/*
 * End a connection with all its watches and transactions. A ring's page and port are the caller's.
 */
void conn_close(struct conn *c);

/* Answer a request. More than a payload's worth becomes E2BIG. */
void conn_reply(struct conn *c, const struct request *r, const void *data, size_t len);
void conn_reply_error(struct conn *c, const struct request *r, int errnum);

/*
 * Queue a watch event; merged into an overflow when the reader is too far behind, unless `always`.
 */
void conn_event(struct conn *c, const char *path, const char *token, bool always);

/* Append bytes to the output as they are. */
void conn_send(struct conn *c, const void *data, size_t len);

/* Bytes that wait to be sent. */
size_t conn_pending(const struct conn *c);

/* Look at the connection's input in the next round. */
void conn_wake(struct conn *c);

/* Read no request of this connection for some milliseconds. */
void conn_hold(struct conn *c, unsigned ms);

/* Drop watches, transactions and everything in flight, as a guest that starts anew may ask. */
void conn_reset(struct conn *c);

/* Handle requests of all connections that have some, a few of each. */
void conn_run(void);

/* Send what has been queued; to be called when the journal has been written. */
void conn_publish(void);

/* Milliseconds until conn_run() has work; -1 when only an event can bring some. */
int conn_timeout(void);

/* Call `each` for all connections. */
void conn_each(void (*each)(struct conn *c));

#endif
