/* SPDX-License-Identifier: MIT */
/* Our connection to the store, made again whenever the store daemon was restarted. */
#ifndef CONSOLE_SESSION_H
#define CONSOLE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

/* Connect, or try again soon if there is no store daemon yet. */
void session_start(void);

/* Whether we are connected. Every function below does nothing (and fails) if not. */
bool session_up(void);

/* The value of /local/domain/<domid>/<entry>, malloc'd, or NULL. */
char *session_read(uint16_t domid, const char *entry);

/* Write it. Does nothing when the guest's directory is gone. */
void session_write(uint16_t domid, const char *entry, const char *value);

/* Hear, through guests_changed(), of a guest's console entries; or no longer. */
void session_watch(uint16_t domid);
void session_unwatch(uint16_t domid);

/* Handle events that have come, and connect again when it is time. Call once a round. */
void session_tick(void);

/* Milliseconds until session_tick() has something to do; -1 for never. */
int session_timeout(void);

#endif
