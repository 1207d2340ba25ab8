/* SPDX-License-Identifier: MIT */
/*
 * A page shared with a guest that carries its console's bytes both ways.
 *
 * The guest can write all of the page at any time. Its own indices, out_prod and in_cons, are read
 * once per use and checked against ours, which are never read back; data is copied once.
 */
#include "console/ring.h"

#include <errno.h>
#include <string.h>

#define load(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

void ring_adopt(struct ring *r)
{
    r->out_cons = load(&r->page->out_cons);
    r->in_prod = load(&r->page->in_prod);
}

int ring_read(struct ring *r, char *data)
{
    uint32_t prod = load(&r->page->out_prod), n = prod - r->out_cons;
    uint32_t at = MASK_XENCONS_IDX(r->out_cons, r->page->out), first = RING_OUT_SIZE - at;

    if (n > RING_OUT_SIZE) {
        r->out_cons = prod;
        store(&r->page->out_cons, prod);
        return -EIO;
    }
    if (first > n)
        first = n;
    memcpy(data, r->page->out + at, first);
    memcpy(data + first, r->page->out, n - first);
    return n;
}

void ring_consumed(struct ring *r, uint32_t n)
{
    r->out_cons += n;
    store(&r->page->out_cons, r->out_cons);
}

uint32_t ring_room(const struct ring *r)
{
    uint32_t used = r->in_prod - load(&r->page->in_cons);

    return used > sizeof(r->page->in) ? 0 : sizeof(r->page->in) - used;
}

void ring_write(struct ring *r, const char *data, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        r->page->in[MASK_XENCONS_IDX(r->in_prod + i, r->page->in)] = data[i];
    r->in_prod += n;
    store(&r->page->in_prod, r->in_prod);
}
