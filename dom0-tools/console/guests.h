/* SPDX-License-Identifier: MIT */
/* The guests whose consoles are served, from their introduction until their last byte is read. */
#ifndef CONSOLE_GUESTS_H
#define CONSOLE_GUESTS_H

#include <stdint.h>

/* Start: binds nothing yet. Returns 0 or a negative errno. */
int guests_start(void);

/*
 * Compare the guests we know with those there are: new ones are awaited, dead ones emptied and let
 * go.
 */
void guests_scan(void);

/* The store says that a guest's console entries changed. */
void guests_changed(uint16_t domid);

/* The store daemon was restarted and forgot what we watch: ask for it again. */
void guests_rewatch(void);

/* Do what is due by time: go on with guests that were slowed down, close terminals of the dead. */
void guests_tick(void);

/* Milliseconds until guests_tick() has something to do; -1 for never. */
int guests_timeout(void);

#endif
