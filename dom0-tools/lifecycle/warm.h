/* SPDX-License-Identifier: MIT */
/* Filling the cache of unpacked kernels before anybody waits for it. */
#ifndef LIFECYCLE_WARM_H
#define LIFECYCLE_WARM_H

/**
 * Unpacks the kernels that the guest files in /etc/parador name, and dom0's own, into the cache, at the
 * lowest priority. Returns 0, or -1 if a kernel that is there could not be unpacked or dom0 has
 * little memory to spare. For a process of its own.
 */
int warm_all(void);

/**
 * Starts such a process now, and again whenever one of these kernels or guest files has changed.
 * Needs the loop. Failures are noted and do no harm: creating a guest fills the cache too.
 */
void warm_start(void);

/** Milliseconds until warm_tick() has something to do, or -1. */
int warm_timeout(void);
void warm_tick(void);

#endif
