/* SPDX-License-Identifier: MIT */
/* What the files of the library share and nobody else sees: the handle's inside. */
#ifndef PARADOR_LIB_INTERNAL_H
#define PARADOR_LIB_INTERNAL_H

#include "lib/parador.h"

#define FRAME_SHIFT 12
#define FRAME_SIZE ((size_t)1 << FRAME_SHIFT)

/** Hypercall pages kept for reuse: a create makes hundreds of calls with one page each. */
#define HCBUF_CACHE 8

struct store; /* storeclient.c */

struct parador_handle {
    int privcmd_fd;                /* -1 until the first hypercall or mapping */
    int hcbuf_fd;                  /* /dev/xen/hypercall; -1 unknown, -2 not there */
    void *hcbuf_cache[HCBUF_CACHE];
    unsigned hcbuf_cached;
    struct store *store;           /* NULL until the first store operation */
    char error[512];
    enum parador_log_level log_level;
    void (*log_sink)(void *context, enum parador_log_level level, const char *line);
    void *log_context;
};

/** Opens /dev/xen/privcmd if that is not done; the descriptor, or -1. */
int handle_privcmd(struct parador_handle *h);

/**
 * A domctl or sysctl (its number and name): op, of size bytes, goes to the hypervisor and comes back.
 * 0, or -1 with errno and a message.
 */
int control_call(struct parador_handle *h, unsigned call, const char *name, void *op, size_t size);

/** Frees the cached hypercall pages. */
void hcbuf_release(struct parador_handle *h);

/** Closes the store connection. NULL is allowed. */
void store_disconnect(struct store *s);

/** Records "what: <strerror>" for a failed call, keeping errno. Always -1. */
int handle_fail_errno(struct parador_handle *h, const char *what);

#endif
