/* SPDX-License-Identifier: MIT */
/* Memory that either exists or ends the daemon, and a growable byte buffer. */
#ifndef DAEMON_MEM_H
#define DAEMON_MEM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Allocation that cannot fail: what a guest can make a daemon hold is bounded by quotas, so running
 * out means that dom0 itself has no memory left. The daemon then says so and ends; its state
 * outlives it. Result is zeroed.
 */
void *mem_alloc(size_t size);

/* Like realloc(), with the same promise; new space is not zeroed. */
void *mem_resize(void *old, size_t size);

/* A copy of `len` bytes with a NUL after them. */
char *mem_copy(const void *data, size_t len);

/* A copy of a string. */
char *mem_string(const char *s);

/* Bytes that grow at the end. Zero-initialise; free with buf_free(). */
struct buf {
    char *data;
    size_t len, cap;
};

/* Append bytes. */
void buf_add(struct buf *b, const void *data, size_t len);

/* Append a string without its NUL. */
void buf_str(struct buf *b, const char *s);

/* Append formatted text without a NUL. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Remove `len` bytes from the front. */
void buf_skip(struct buf *b, size_t len);

/* Release the storage and become empty. */
void buf_free(struct buf *b);

#endif
