/* SPDX-License-Identifier: MIT */
/* Changes of the store that happen as a whole or not at all, tried again when they collide. */
#ifndef PARADOR_GUEST_TRANSACTION_H
#define PARADOR_GUEST_TRANSACTION_H

#include "lib/parador.h"

/** Zero-initialise but for purpose: what the store may be too busy for ("to rename a guest"). */
struct transaction {
    const char *purpose;
    store_tx tx;
    int result;                /* of the change; after the last try that of all */
    unsigned tries;
};

/**
 * Whether to make the change, in t->tx, (again):
 *     while (transaction_try(h, &t))
 *         t.result = change(h, t.tx, …);
 * Afterwards t.result is 0, or -1 with errno; EBUSY: it always collided.
 */
bool transaction_try(struct parador_handle *h, struct transaction *t);

#endif
