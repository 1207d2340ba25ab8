/* SPDX-License-Identifier: MIT */
/* Deferred freeing: memory that lock-free readers may still see is freed after a grace period. */
#ifndef CORE_QUIESCE_H
#define CORE_QUIESCE_H

/*
 * A CPU is quiescent whenever it returns to a guest, schedules, or idles: no pointer obtained by
 * a lock-free lookup survives such a point. quiesce_call() runs fn once every CPU has passed one.
 */
struct quiesce {
    struct quiesce *next;
    void (*fn)(struct quiesce *);
};

/* fn runs in softirq context with interrupts on and no lock held; it may free q. Any context. */
void quiesce_call(struct quiesce *q, void (*fn)(struct quiesce *));
void quiesce_init(void);

#endif
