/* SPDX-License-Identifier: MIT */
/* A page shared with a guest that carries its console's bytes both ways. */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "public/io/console.h"

/* The most that one ring_read() can return. */
#define RING_OUT_SIZE sizeof(((struct xencons_interface *)0)->out)

struct ring {
    struct xencons_interface *page;     /* NULL: not attached */
    int port;                           /* local event channel */
    uint32_t out_cons, in_prod;         /* our two indices; only written to the page */
};

/* Take our positions from the page, once, when it was mapped. */
void ring_adopt(struct ring *r);

/*
 * Copy what the guest has written to `data` (RING_OUT_SIZE bytes). Returns the number of bytes, or
 * -EIO when the guest's index is impossible; then everything it says is there is skipped. The bytes
 * stay in the ring until ring_consumed().
 */
int ring_read(struct ring *r, char *data);

/* The bytes of the last ring_read() are safe: let the guest have the room. */
void ring_consumed(struct ring *r, uint32_t n);

/* Room for input. 0 also when the guest's index is impossible. */
uint32_t ring_room(const struct ring *r);

/* Give the guest input; at most ring_room() bytes. */
void ring_write(struct ring *r, const char *data, uint32_t n);

#endif
