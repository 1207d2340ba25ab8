/* SPDX-License-Identifier: MIT */
/* The wire format of the store protocol: messages, names of errors, rules for paths. */
#ifndef STORE_WIRE_H
#define STORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "public/io/xs_wire.h"

/* A message never is larger than this, header included. */
#define WIRE_MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

/*
 * The longest watch token: an event carries a path and a token, each with its NUL, in one payload.
 */
#define WIRE_TOKEN_MAX (XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2)

/* Domain ids from here on have special meanings (DOMID_FIRST_RESERVED in the public xen.h). */
#define WIRE_DOMID_END 0x7ff0u

/* The name of an errno (positive) that travels in XS_ERROR; errors without one become EINVAL. */
const char *wire_error(int errnum);

/* Room for any absolute path and its NUL. */
#define WIRE_PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

/*
 * Turn the path a client sent into an absolute one: a relative path is below /local/domain/<domid>.
 * `special` allows the names that begin with '@'. `out` has WIRE_PATH_SIZE bytes. Returns false
 * when the path breaks a rule of the protocol (length, characters, empty parts, final '/').
 */
bool wire_path(const char *path, uint16_t domid, bool special, char *out);

/*
 * Parse a decimal number of at most `max`, filling the whole string. Returns false if it is not
 * one.
 */
bool wire_number(const char *s, uint64_t max, uint64_t *out);

/*
 * Strings in a payload, each ended by its NUL; -1 when bytes follow the last NUL or there is none.
 */
int wire_strings(const char *data, size_t len);

/* The string after the one that `s` points to. */
const char *wire_next(const char *s);

#endif
