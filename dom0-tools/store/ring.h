/* SPDX-License-Identifier: MIT */
/* A page shared with a guest that carries requests one way and answers the other. */
#ifndef STORE_RING_H
#define STORE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xenstore_domain_interface;

struct ring {
    struct xenstore_domain_interface *page;
    int port;                   /* local event channel; -1 while there is none */
    uint32_t in_pos;            /* requests consumed up to here; never read back from the page */
    uint32_t out_pos;           /* answers written up to here; likewise */
};

/* Take the positions from the page: the only time they are believed. */
void ring_adopt(struct ring *r);

/* Bytes of requests that wait, or -EIO when the guest's index is impossible. */
int ring_waiting(const struct ring *r);

/* Copy `len` waiting bytes that begin `skip` bytes after in_pos. */
void ring_peek(const struct ring *r, uint32_t skip, void *dst, uint32_t len);

/* Tell the guest what we consumed. */
void ring_publish_in(struct ring *r);

/*
 * Write as much as fits. Returns the number of bytes, or -EIO when the guest's index is impossible.
 */
int ring_write(struct ring *r, const void *data, size_t len);

/* Whether the guest asks for a fresh start (XENSTORE_RECONNECT). */
bool ring_wants_reset(const struct ring *r);

/* Empty both directions and tell the guest that it is connected. */
void ring_reset(struct ring *r);

/* Announce what the server can do. */
void ring_announce(struct ring *r);

/* Set the error field: one of XENSTORE_ERROR_*. */
void ring_set_error(struct ring *r, uint32_t error);

#endif
