/* SPDX-License-Identifier: MIT */
/*
 * A page shared with a guest that carries requests one way and answers the other.
 *
 * The guest can write every byte of the page at any time. Of the four indices two are the guest's
 * (req_prod and rsp_cons): each use reads them once and checks the copy against our own two, which
 * live in struct ring and are only ever written to the page. Data is copied out once and judged in
 * the copy.
 */
#include "store/ring.h"

#include <errno.h>
#include <string.h>

#include "store/wire.h"

#define load(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

void ring_adopt(struct ring *r)
{
    r->in_pos = load(&r->page->req_cons);
    r->out_pos = load(&r->page->rsp_prod);
}

int ring_waiting(const struct ring *r)
{
    uint32_t n = load(&r->page->req_prod) - r->in_pos;

    return n <= XENSTORE_RING_SIZE ? (int)n : -EIO;
}

void ring_peek(const struct ring *r, uint32_t skip, void *dst, uint32_t len)
{
    uint32_t at = MASK_XENSTORE_IDX(r->in_pos + skip);
    uint32_t first = XENSTORE_RING_SIZE - at;

    if (first > len)
        first = len;
    memcpy(dst, r->page->req + at, first);
    memcpy((char *)dst + first, r->page->req, len - first);
}

void ring_publish_in(struct ring *r)
{
    store(&r->page->req_cons, r->in_pos);
}

int ring_write(struct ring *r, const void *data, size_t len)
{
    size_t done = 0;

    for (;;) {
        uint32_t used = r->out_pos - load(&r->page->rsp_cons);
        uint32_t at = MASK_XENSTORE_IDX(r->out_pos), n;

        if (used > XENSTORE_RING_SIZE)
            return -EIO;
        n = XENSTORE_RING_SIZE - used;
        if (n > len - done)
            n = len - done;
        if (n > XENSTORE_RING_SIZE - at)
            n = XENSTORE_RING_SIZE - at;
        if (!n)
            return done;
        memcpy(r->page->rsp + at, (const char *)data + done, n);
        done += n;
        r->out_pos += n;
        store(&r->page->rsp_prod, r->out_pos);
        /*
         * The guest tells us that it made room only if it found the ring full, so whether it is
         * full must be judged by what the guest had consumed after it could see our index: look
         * again after a full barrier.
         */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

bool ring_wants_reset(const struct ring *r)
{
    return load(&r->page->connection) == XENSTORE_RECONNECT;
}

void ring_reset(struct ring *r)
{
    r->in_pos = r->out_pos = 0;
    store(&r->page->req_cons, 0);
    store(&r->page->req_prod, 0);
    store(&r->page->rsp_cons, 0);
    store(&r->page->rsp_prod, 0);
    store(&r->page->error, XENSTORE_ERROR_NONE);
    store(&r->page->connection, XENSTORE_CONNECTED);
}

void ring_announce(struct ring *r)
{
    store(&r->page->server_features,
          XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
}

void ring_set_error(struct ring *r, uint32_t error)
{
    store(&r->page->error, error);
}
