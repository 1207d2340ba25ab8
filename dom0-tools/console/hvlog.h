/* SPDX-License-Identifier: MIT */
/* The hypervisor's own console, copied to a log file. */
#ifndef CONSOLE_HVLOG_H
#define CONSOLE_HVLOG_H

/* Start copying. `state` is a file that remembers, over our restarts, how far we got. */
void hvlog_start(const char *state);

/* The event channel that says there is more, or -1. */
int hvlog_port(void);

/* The event came: read soon. */
void hvlog_event(void);

/* Copy if it is time. */
void hvlog_tick(void);

/* Milliseconds until hvlog_tick() has something to do; -1 for never. */
int hvlog_timeout(void);

#endif
