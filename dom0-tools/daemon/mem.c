/* SPDX-License-Identifier: MIT */
/* Memory that either exists or ends the daemon, and a growable byte buffer. */
#include "daemon/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/process.h"

static void *must(void *p)
{
    if (!p)
        die("out of memory");
    return p;
}

void *mem_alloc(size_t size)
{
    return must(calloc(1, size ? size : 1));
}

void *mem_resize(void *old, size_t size)
{
    return must(realloc(old, size ? size : 1));
}

char *mem_copy(const void *data, size_t len)
{
    char *p = must(malloc(len + 1));

    if (len)
        memcpy(p, data, len);
    p[len] = '\0';
    return p;
}

char *mem_string(const char *s)
{
    return mem_copy(s, strlen(s));
}

static void buf_room(struct buf *b, size_t len)
{
    size_t cap = b->cap ? b->cap : 64;

    if (b->cap - b->len >= len)
        return;
    while (cap - b->len < len)
        cap *= 2;
    b->data = mem_resize(b->data, cap);
    b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!len)
        return;
    buf_room(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        die("out of memory");
    buf_add(b, text, n);
    free(text);
}

void buf_skip(struct buf *b, size_t len)
{
    memmove(b->data, b->data + len, b->len - len);
    b->len -= len;
}

void buf_free(struct buf *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}
