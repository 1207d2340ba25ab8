/* SPDX-License-Identifier: MIT */
/* Requests to the store and their answers; what storeclient.c is made of. */
#ifndef PARADOR_LIB_STORECONN_H
#define PARADOR_LIB_STORECONN_H

#include "lib/internal.h"
#include "public/io/xs_wire.h"

/** A piece of a request's body. */
struct part {
    const void *data;
    size_t size;
};

/** An answer or event. */
struct store_message {
    struct store_message *next;
    size_t length;
    char body[];               /* length bytes and a NUL that is not counted */
};

/**
 * One request: the body is made of the parts, whose NULs are included where the protocol wants
 * them. Returns the malloc'd reply, or NULL with errno as the daemon said and a short sentence.
 */
struct store_message *store_request(struct parador_handle *h, uint32_t type, store_tx tx,
                                    const struct part *parts, size_t count);

/**
 * A request whose reply says nothing but "done"; inside a batch it is queued. verb and path are for
 * the sentence.
 */
int store_command(struct parador_handle *h, uint32_t type, store_tx tx, const struct part *parts,
                  size_t count, const char *verb, const char *path);

/** The same, carried out at once even inside a batch. */
int store_command_now(struct parador_handle *h, uint32_t type, store_tx tx,
                      const struct part *parts, size_t count, const char *verb, const char *path);

/** Forgets the queued events that carry token. */
void store_drop_events(struct parador_handle *h, const char *token);

#endif
