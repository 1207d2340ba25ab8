/* SPDX-License-Identifier: MIT */
/* Watches: who asked to be told about changes at or below which path. */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stdbool.h>

#include "daemon/list.h"
#include "store/perms.h"

struct conn;
struct watch_point;

struct watch {
    struct list by_conn;        /* struct conn.watches, oldest first */
    struct list by_point;
    struct watch_point *point;
    struct conn *conn;
    bool relative;              /* asked for by a relative path: events carry relative paths */
    char token[];
};

/*
 * Register a watch on an absolute path or special name. Returns 0, -EEXIST if the connection has
 * that path and token already, or -E2BIG above its quota. No first event is sent: see
 * watch_fire_first().
 */
int watch_add(struct conn *c, const char *path, bool relative, const char *token);

/* Send the event that a new watch starts with. */
void watch_fire_first(struct conn *c, const char *path, const char *token);

/* Remove a watch. Returns 0 or -ENOENT. */
int watch_remove(struct conn *c, const char *path, const char *token);

/* Remove all watches of a connection. */
void watch_remove_all(struct conn *c);

/* Send every watch of a connection its first event again. */
void watch_refire(struct conn *c);

/*
 * Tell those who watch `path` or something above it that it changed. An event goes only to a
 * watcher that has the right to read by one of the two lists: the node's own and its parent's, or
 * its old and its new.
 */
void watch_fire(const char *path, const struct perms *a, const struct perms *b);

/* The same for watches of exactly `path`. */
void watch_fire_exact(const char *path, const struct perms *a, const struct perms *b);

/* The path a watch is on. */
const char *watch_path(const struct watch *w);

#endif
