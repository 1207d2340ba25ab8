/* SPDX-License-Identifier: MIT */
/*
 * The dom0 end of a guest's network interface: waiting for it, naming it, putting it on a bridge.
 */
#ifndef PARADOR_DEVICES_NETWORK_H
#define PARADOR_DEVICES_NETWORK_H

#include "lib/parador.h"

/** Fails (ENODEV) with a sentence unless name is a bridge. */
int network_check_bridge(struct parador_handle *h, const char *name);

/**
 * Starts listening for new interfaces; must come before the event that makes them. -1 on failure.
 */
int network_listen(struct parador_handle *h);

/** Waits until interface name exists; listener is network_listen()'s. ETIMEDOUT. */
int network_wait(struct parador_handle *h, int listener, const char *name, int timeout_ms);

/** Renames the interface if new_name is not NULL, puts it on the bridge and brings it up. */
int network_join(struct parador_handle *h, const char *name, const char *new_name,
                 const char *bridge);

#endif
