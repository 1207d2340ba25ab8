/* SPDX-License-Identifier: MIT */
/* Binary min-heap of intrusive elements, in an array of the caller's. */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Embedded in what is kept; `index` is -1 while it is in no heap. */
struct heap_node {
    uint64_t key;
    int32_t index;
};

struct heap {
    struct heap_node **slots; /* slots[0] has the least key */
    unsigned count, capacity;
};

static inline void heap_node_init(struct heap_node *n) { n->index = -1; }
static inline bool heap_contains(const struct heap_node *n) { return n->index >= 0; }
static inline struct heap_node *heap_first(const struct heap *h)
{
    return h->count ? h->slots[0] : 0;
}
/* n->key is set and n is in no heap. False: the array is full (heap_grow gives it a bigger one). */
bool heap_insert(struct heap *h, struct heap_node *n);
/* n is in h. */
void heap_remove(struct heap *h, struct heap_node *n);
/* Moves to a bigger array; returns the old one for the caller to free. */
struct heap_node **heap_grow(struct heap *h, struct heap_node **bigger, unsigned capacity);

#endif
