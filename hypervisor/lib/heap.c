/* SPDX-License-Identifier: MIT */
/* Binary min-heap of intrusive elements. */
#include "lib/heap.h"

static void place(struct heap *h, unsigned i, struct heap_node *n)
{
    h->slots[i] = n;
    n->index = (int32_t)i;
}

/* Finds the place of n on the way from i to the root. */
static void sift_up(struct heap *h, unsigned i, struct heap_node *n)
{
    while (i) {
        unsigned parent = (i - 1) / 2;

        if (h->slots[parent]->key <= n->key)
            break;
        place(h, i, h->slots[parent]);
        i = parent;
    }
    place(h, i, n);
}

static void sift_down(struct heap *h, unsigned i, struct heap_node *n)
{
    for (;;) {
        unsigned child = 2 * i + 1;

        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->slots[child + 1]->key < h->slots[child]->key)
            child++;
        if (n->key <= h->slots[child]->key)
            break;
        place(h, i, h->slots[child]);
        i = child;
    }
    place(h, i, n);
}

bool heap_insert(struct heap *h, struct heap_node *n)
{
    if (h->count == h->capacity)
        return false;
    sift_up(h, h->count++, n);
    return true;
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    unsigned i = (unsigned)n->index;
    struct heap_node *last = h->slots[--h->count];

    n->index = -1;
    if (last == n)
        return;
    if (i && h->slots[(i - 1) / 2]->key > last->key)
        sift_up(h, i, last);
    else
        sift_down(h, i, last);
}

struct heap_node **heap_grow(struct heap *h, struct heap_node **bigger, unsigned capacity)
{
    struct heap_node **old = h->slots;

    for (unsigned i = 0; i < h->count; i++)
        bigger[i] = old[i];
    h->slots = bigger;
    h->capacity = capacity;
    return old;
}
