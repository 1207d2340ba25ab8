/* SPDX-License-Identifier: MIT */
/* Guests that ended: what their files say is to happen then, done. */
#ifndef LIFECYCLE_ENDS_H
#define LIFECYCLE_ENDS_H

#include "lib/parador.h"

/**
 * Looks at all recorded guests and does what is due. May be called at any time, also when a former run
 * died in the middle of it. Returns after how many milliseconds it wants to be called again, or -1 when
 * that is not before some domain ends.
 */
int ends_scan(struct parador_handle *h);

#endif
