/* SPDX-License-Identifier: MIT */
/* Changes of the store that happen as a whole or not at all, tried again when they collide. */
#include "guest/transaction.h"

#include <errno.h>
#include <stdio.h>

/* A busy store makes transactions collide; this often in a row means that something is wrong. */
#define TRANSACTION_TRIES 100

/* Ends one; what the change itself failed for is what counts. */
static int end(struct parador_handle *h, const struct transaction *t)
{
    int err = errno;
    char why[512];

    if (t->result == 0)
        return store_transaction_end(h, t->tx, true);
    snprintf(why, sizeof(why), "%s", parador_error(h));
    store_transaction_end(h, t->tx, false);
    return parador_fail(h, err, "%s", why);
}

bool transaction_try(struct parador_handle *h, struct transaction *t)
{
    if (t->tries > 0) {
        t->result = end(h, t);
        if (t->result == 0 || errno != EAGAIN)
            return false;
    }
    if (t->tries++ == TRANSACTION_TRIES)
        t->result = parador_fail(h, EBUSY, "the store is too busy %s", t->purpose);
    else
        t->result = store_transaction_start(h, &t->tx);
    return t->result == 0;
}
