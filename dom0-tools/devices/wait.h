/* SPDX-License-Identifier: MIT */
/* Waiting for back-ends to reach a state, by watches. */
#ifndef PARADOR_DEVICES_WAIT_H
#define PARADOR_DEVICES_WAIT_H

#include "devices/attach.h"

/**
 * Judges a back-end's state (XenbusStateUnknown when it has none): 1 that is it, 0 wait on, -1 give
 * up (errno and sentence set).
 */
typedef int (*device_judge)(struct parador_handle *h, const struct device *device, int state);

/**
 * Watches the back-ends of all devices until judge says 1 for each. Returns how many it did not say
 * it for when the time was over (0: none), or -1.
 */
int device_wait(struct parador_handle *h, const struct device *devices, size_t count,
                device_judge judge, int timeout_ms);

#endif
