/* SPDX-License-Identifier: MIT */
/* Making a guest again from its record. */
#ifndef LIFECYCLE_RESTART_H
#define LIFECYCLE_RESTART_H

#include <stdbool.h>

#include "lifecycle/record.h"

/** Whether info is of the guest that r describes: a domain's number may have a new owner. */
bool restart_is_same(const struct record *r, const struct xen_domctl_getdomaininfo *info);

/**
 * Goes on with RECORD_RESTART of domid: the old domain is ended or kept, a new one made, recorded and
 * run, and the record removed. again: an earlier try may have come to any point. The caller holds
 * domid's lock. -1 (with the sentence in h): nothing is half-made, try later.
 */
int restart_go_on(struct parador_handle *h, domid_t domid, bool again);

#endif
