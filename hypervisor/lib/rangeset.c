/* SPDX-License-Identifier: MIT */
/* Sets of integers kept as disjoint, sorted ranges. */
#include "lib/rangeset.h"

#include <stddef.h>

#include "lib/errno.h"

/* Neighbours never touch: [1,3] and [4,7] are kept as [1,7]. */
struct range {
    struct range *next;
    uint64_t first, last;
};

struct rangeset {
    struct range *head;
    void *(*alloc)(unsigned long size);
    void (*release)(void *);
};

struct rangeset *rangeset_new(void *(*alloc)(unsigned long size), void (*release)(void *))
{
    struct rangeset *r = alloc(sizeof(*r));

    if (r)
        *r = (struct rangeset){ .alloc = alloc, .release = release };
    return r;
}

void rangeset_destroy(struct rangeset *r)
{
    if (!r)
        return;
    while (r->head) {
        struct range *next = r->head->next;

        r->release(r->head);
        r->head = next;
    }
    r->release(r);
}

int rangeset_add(struct rangeset *r, uint64_t first, uint64_t last)
{
    struct range **at = &r->head;

    if (first > last)
        return 0;
    /* Skip those that end before first and do not touch it. */
    while (*at && (*at)->last < first && (*at)->last + 1 != first)
        at = &(*at)->next;
    if (!*at || ((*at)->first > last && (*at)->first - 1 != last)) {
        struct range *n = r->alloc(sizeof(*n));

        if (!n)
            return -ENOMEM;
        *n = (struct range){ *at, first, last };
        *at = n;
        return 0;
    }

    struct range *m = *at;

    if (first < m->first)
        m->first = first;
    if (last > m->last)
        m->last = last;
    /* Swallow what the grown range now overlaps or touches. */
    while (m->next && (m->next->first <= m->last || m->next->first - 1 == m->last)) {
        struct range *n = m->next;

        if (n->last > m->last)
            m->last = n->last;
        m->next = n->next;
        r->release(n);
    }
    return 0;
}

int rangeset_remove(struct rangeset *r, uint64_t first, uint64_t last)
{
    struct range **at = &r->head;

    if (first > last)
        return 0;
    while (*at && (*at)->last < first)
        at = &(*at)->next;
    while (*at && (*at)->first <= last) {
        struct range *m = *at;

        if (m->first < first && m->last > last) {
            struct range *n = r->alloc(sizeof(*n));

            if (!n)
                return -ENOMEM;
            *n = (struct range){ m->next, last + 1, m->last };
            m->last = first - 1;
            m->next = n;
            return 0;
        }
        if (m->first < first) {
            m->last = first - 1;
            at = &m->next;
        } else if (m->last > last) {
            m->first = last + 1;
            return 0;
        } else {
            *at = m->next;
            r->release(m);
        }
    }
    return 0;
}

bool rangeset_contains(const struct rangeset *r, uint64_t first, uint64_t last)
{
    for (const struct range *m = r->head; m && m->first <= first; m = m->next)
        if (first <= m->last)
            return last <= m->last;
    return false;
}

bool rangeset_overlaps(const struct rangeset *r, uint64_t first, uint64_t last)
{
    for (const struct range *m = r->head; m && m->first <= last; m = m->next)
        if (m->last >= first)
            return true;
    return false;
}
