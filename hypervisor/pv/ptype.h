/* SPDX-License-Identifier: MIT */
/* The page-type state machine: typed references to frames. */
#ifndef PV_PTYPE_H
#define PV_PTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/frame.h"

/*
 * Take a typed reference on a frame of d. Table types are validated on their first use.
 * 0; -EINVAL: the contents do not allow it, or a count is full; -EBUSY: the frame is in use as
 * something else; -EPERM: not d's frame; -ERESTART: preempted, progress is kept in the frame, call
 * again (only with `preemptible`; no reference is held).
 * Interrupts on, no spinlock held (it may wait for another CPU's validation of the frame).
 */
int page_get_and_type(struct page_info *pg, struct domain *d, uint64_t type, bool preemptible);
/*
 * Undoes it. -ERESTART only with `preemptible`: the caller's reference is gone, but the frame is
 * still partly a table; page_finish_undo() goes on (pt_defer_undo() remembers to).
 */
int page_put_and_type(struct page_info *pg, bool preemptible);
/* Only the typed half, for callers that hold an untyped reference already and keep it. */
int page_get_type(struct page_info *pg, uint64_t type, bool preemptible);
int page_put_type(struct page_info *pg, bool preemptible);
/*
 * Goes on undoing a PGT_PARTIAL frame; 0 also when there is nothing (left) to do. Caller holds an
 * untyped reference.
 */
int page_finish_undo(struct page_info *pg, bool preemptible);

/*
 * Remembers in the current vcpu that pg is left to undo; finishes at once where there is no vcpu to
 * remember it.
 */
void pt_defer_undo(struct page_info *pg);

static inline bool pgt_is_table(uint64_t type)
{
    return (type & PGT_TYPE_MASK) - PGT_L1 <= PGT_L4 - PGT_L1;
}
static inline unsigned pgt_level(uint64_t type) { return (type & PGT_TYPE_MASK) >> 61; }

/* The two halves below are what every mapping of an ordinary page costs, so they are inline. */

/* As page_get(). */
static inline bool page_get_inline(struct page_info *pg, const struct domain *d)
{
    uint64_t x = __atomic_load_n(&pg->count, __ATOMIC_RELAXED);

    do {
        if (((x + 1) & PGC_COUNT_MASK) <= 1 || pg->owner != d)
            return false;
    } while (!__atomic_compare_exchange_n(&pg->count, &x, x + 1, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    /* The frame may have been freed and given to another between the look and the count. */
    if (__builtin_expect(__atomic_load_n(&pg->owner, __ATOMIC_RELAXED) == d, 1))
        return true;
    page_put(pg);
    return false;
}

static inline void page_put_inline(struct page_info *pg)
{
    uint64_t x = __atomic_load_n(&pg->count, __ATOMIC_RELAXED);

    do {
        if (__builtin_expect((x & PGC_COUNT_MASK) <= 1, 0)) {
            page_put(pg);
            return;
        }
    } while (!__atomic_compare_exchange_n(&pg->count, &x, x - 1, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
}

/*
 * One more typed reference of a frame that is of that type and validated already; false:
 * page_get_type() must decide.
 */
static inline bool page_get_type_again(struct page_info *pg, uint64_t type)
{
    uint64_t x = __atomic_load_n(&pg->type, __ATOMIC_RELAXED);

    while ((x & (PGT_TYPE_MASK | PGT_VALIDATED)) == (type | PGT_VALIDATED) &&
           (x & PGT_COUNT_MASK) - 1 < PGT_COUNT_MASK - 1)
        if (__atomic_compare_exchange_n(&pg->type, &x, x + 1, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

/* Drops a typed reference that is not the last; false: nothing is done, page_put_type() must. */
static inline bool page_put_type_again(struct page_info *pg)
{
    uint64_t x = __atomic_load_n(&pg->type, __ATOMIC_RELAXED);

    while ((x & PGT_COUNT_MASK) > 1)
        if (__atomic_compare_exchange_n(&pg->type, &x, x - 1, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

/*
 * Both references of a writable mapping; false: not d's frame, or not of a type that may be
 * written.
 */
static inline bool page_get_writable(struct page_info *pg, struct domain *d)
{
    uint64_t x;

    if (!page_get_inline(pg, d))
        return false;
    x = __atomic_load_n(&pg->type, __ATOMIC_RELAXED);
    do {
        if ((x & PGT_TYPE_MASK) != PGT_WRITABLE || (x & PGT_COUNT_MASK) == PGT_COUNT_MASK) {
            if (page_get_type(pg, PGT_WRITABLE, false) == 0)
                return true;
            page_put(pg);
            return false;
        }
    } while (!__atomic_compare_exchange_n(&pg->type, &x, x + 1, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    return true;
}

static inline void page_put_writable(struct page_info *pg)
{
    if (!page_put_type_again(pg))
        page_put_type(pg, false);
    page_put_inline(pg);
}

#endif
