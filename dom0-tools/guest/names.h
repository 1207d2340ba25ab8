/* SPDX-License-Identifier: MIT */
/* Names of guests: an index in the store, so that looking one up does not read every domain. */
#ifndef PARADOR_GUEST_NAMES_H
#define PARADOR_GUEST_NAMES_H

#include "guest/guest.h"

#define GUEST_NAME_MAX 127

/** Fails (EINVAL) with a sentence unless name can be a guest's. */
int name_check(struct parador_handle *h, const char *name);

/**
 * The domain that we called name, or -1 (no sentence). Costs two reads however many domains there
 * are.
 */
long name_lookup_indexed(struct parador_handle *h, store_tx tx, const char *name);

/** The same, but domains that others named are found too, by reading every domain's name. */
long name_lookup(struct parador_handle *h, store_tx tx, const char *name);

/** Enters name for domid in tx. EEXIST with a sentence if another domain has it. */
int name_claim(struct parador_handle *h, store_tx tx, const char *name, domid_t domid);

/** Removes name from the index if it is domid's. */
void name_drop(struct parador_handle *h, store_tx tx, const char *name, domid_t domid);

#endif
