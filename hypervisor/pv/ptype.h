/* SPDX-License-Identifier: MIT */
/* The page-type state machine: typed references to frames. */
#ifndef PV_PTYPE_H
#define PV_PTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/frame.h"

/*
 * Take a typed reference on a frame of d. Table types are validated on their first use.
 * 0; -EINVAL: the contents or the present type do not allow it; -EPERM: not d's frame;
 * -ERESTART: preempted, progress is kept in the frame, call again (only with `preemptible`; the
 * untyped count is then not held).
 * Interrupts on, no spinlock held (validation may spin on another CPU's validation of the frame).
 */
int page_get_and_type(struct page_info *pg, struct domain *d, uint64_t type, bool preemptible);
/* Undoes it. -ERESTART only with `preemptible`: call again, the reference is still (partly) held. */
int page_put_and_type(struct page_info *pg, bool preemptible);
/* Only the typed half, for callers that hold an untyped reference already. */
int page_get_type(struct page_info *pg, uint64_t type, bool preemptible);
int page_put_type(struct page_info *pg, bool preemptible);
/* Fast path for the commonest: a writable mapping of an ordinary frame. */
bool page_get_writable(struct page_info *pg, struct domain *d);

#endif
