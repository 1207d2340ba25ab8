/* SPDX-License-Identifier: MIT */
/* The part of paradord that keeps accounts: final figures of domains that go, and snapshots. */
#ifndef LIFECYCLE_ACCOUNTS_H
#define LIFECYCLE_ACCOUNTS_H

#include "lib/parador.h"

/** Begins where a former process stopped. Call once, before the others. */
void accounts_start(void);

/**
 * Looks at all domains: device counters, then those that are gone are entered in the log, then a
 * snapshot if one is due. To be called before ends are acted on (their devices go) and after. Returns
 * after how many milliseconds it wants to be called again, or -1: never (no accounts are to be had).
 */
int accounts_look(struct parador_handle *h);

/** The last snapshot of this process. */
void accounts_stop(struct parador_handle *h);

#endif
