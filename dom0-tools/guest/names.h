/* SPDX-License-Identifier: MIT */
/* Names of guests: an index in the store, so that looking one up does not read every domain. */
#ifndef PARADOR_GUEST_NAMES_H
#define PARADOR_GUEST_NAMES_H

#include "guest/guest.h"

#define GUEST_NAME_MAX 127
#define NAME_COLUMNS_MAX 64
#define NAME_TEXT (GUEST_NAME_MAX + NAME_COLUMNS_MAX + 1)

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

/** Whether no character of it is a '/' or a control character: such names we refuse. */
bool name_is_plain(const char *name);

/**
 * What of a name may go to a terminal, whoever has written it: control characters, and bytes that are
 * no UTF-8, are "?"; no name at all is "(unnamed)". As printf()'s width and precision do it, but
 * counted in letters (each taken for one column, also those that a terminal shows wide): blanks fill
 * it up to `width` on the left or, if that is negative, on the right, NAME_COLUMNS_MAX at most; with
 * `most`, that many letters are left of it, whole ones. Returns text.
 */
const char *name_for_terminal(const char *name, int width, unsigned most, char text[NAME_TEXT]);

#endif
