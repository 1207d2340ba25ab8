/* SPDX-License-Identifier: MIT */
/*
 * Shared request/response rings: layout, and the two ends' operations.
 *
 * One page (or several) holds four indices and a power-of-two array of slots. The frontend writes
 * requests, the backend overwrites the same slots with responses. Indices run freely; slot i is
 * ring[i & (size - 1)]. req_event and rsp_event say from which index on the other side wants to be
 * told.
 *
 * Each end keeps private copies of its own indices and never reads them back. The peer may write
 * anything at any time: copy a slot out before looking at it (ring_copy), and check the peer's
 * producer index with ring_prod_overflow before believing it.
 */
#ifndef PUBLIC_IO_RING_H
#define PUBLIC_IO_RING_H

/* Bytes before the first slot. */
#define RING_HEADER_SIZE 64

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t RING_IDX;

/* Start of every shared ring; the slots follow at RING_HEADER_SIZE. */
struct ring_header {
    RING_IDX req_prod, req_event;
    RING_IDX rsp_prod, rsp_event;
    union {
        uint8_t pvt_pad[4];
    } pvt;                      /* free for the device's own use */
    uint8_t __pad[44];
};

/* Declares union NAME_sring_entry and struct NAME_sring for a ring of those two messages. */
#define DEFINE_RING_TYPES(name, req_t, rsp_t)                   \
    union name##_sring_entry {                                  \
        req_t req;                                              \
        rsp_t rsp;                                              \
    };                                                          \
    struct name##_sring {                                       \
        RING_IDX req_prod, req_event;                           \
        RING_IDX rsp_prod, rsp_event;                           \
        union {                                                 \
            uint8_t pvt_pad[4];                                 \
        } pvt;                                                  \
        uint8_t __pad[44];                                      \
        union name##_sring_entry ring[1]; /* ring_slots() many */ \
    };                                                          \
    _Static_assert(offsetof(struct name##_sring, ring) == RING_HEADER_SIZE, #name)

/* Number of slots of `slot` bytes in an area of `bytes`: the power of two that fits; 0 none. */
static inline uint32_t ring_slots(size_t bytes, size_t slot)
{
    size_t n = bytes < RING_HEADER_SIZE ? 0 : (bytes - RING_HEADER_SIZE) / slot;
    uint32_t size = 1;

    if (n == 0) {
        return 0;
    }
    while (size <= n / 2 && size < (1u << 30)) {
        size *= 2;
    }
    return size;
}

/* Makes an empty ring; only the frontend, before the backend sees it. */
static inline void ring_init(volatile struct ring_header *ring)
{
    ring->req_prod = ring->rsp_prod = 0;
    ring->req_event = ring->rsp_event = 1;
    for (unsigned int i = 0; i < sizeof(ring->pvt.pvt_pad); i++) {
        ring->pvt.pvt_pad[i] = 0;
    }
    for (unsigned int i = 0; i < sizeof(ring->__pad); i++) {
        ring->__pad[i] = 0;
    }
}

/* The peer's producer index, ordered before any later read of slots. */
static inline RING_IDX ring_load_prod(const RING_IDX *prod)
{
    return __atomic_load_n(prod, __ATOMIC_ACQUIRE);
}

/* True if a producer claims more slots in flight than exist; `cons` is our own side's lowest index
 * still owed: for requests the response producer, for responses the response consumer. */
static inline bool ring_prod_overflow(RING_IDX prod, RING_IDX cons, uint32_t size)
{
    return prod - cons > size;
}

/* Publishes slots up to `next`; true if the peer asked for an event within them. The full barrier
 * pairs with the one in ring_want_event: one of the two sides must see the other's write. */
static inline bool ring_push(RING_IDX *prod, const RING_IDX *event, RING_IDX next)
{
    RING_IDX old = __atomic_load_n(prod, __ATOMIC_RELAXED);

    __atomic_store_n(prod, next, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return (RING_IDX)(next - __atomic_load_n(event, __ATOMIC_RELAXED)) < (RING_IDX)(next - old);
}

/* Before going to sleep with everything up to `cons` consumed: asks for an event at the next slot;
 * true if one arrived meanwhile, in which case do not sleep. */
static inline bool ring_want_event(const RING_IDX *prod, RING_IDX *event, RING_IDX cons)
{
    __atomic_store_n(event, cons + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(prod, __ATOMIC_ACQUIRE) != cons;
}

/* Copies a slot out of shared memory, once; the peer's later writes cannot be seen in `to`. */
static inline void ring_copy(void *to, const volatile void *from, size_t bytes)
{
    uint8_t *dst = to;
    const volatile uint8_t *src = from;

    for (size_t i = 0; i < bytes; i++) {
        dst[i] = src[i];
    }
}

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_IO_RING_H */
