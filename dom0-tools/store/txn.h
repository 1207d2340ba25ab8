/* SPDX-License-Identifier: MIT */
/* The tree as one request sees it: directly, or through an open transaction. */
#ifndef STORE_TXN_H
#define STORE_TXN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/list.h"
#include "daemon/mem.h"
#include "store/change.h"
#include "store/perms.h"

struct conn;
struct txn;

/* A node as seen; valid until the next change. */
struct view {
    const char *value;
    uint32_t len;
    struct perms *perms;
};

/* Open a transaction. Returns 0 and its id, or -ENOSPC above the quota. */
int txn_start(struct conn *c, uint32_t *id);

/* The connection's open transaction of this id, or NULL. */
struct txn *txn_find(struct conn *c, uint32_t id);

/*
 * End a transaction. With `commit`, apply its changes all at once; -EAGAIN if something it looked
 * at changed meanwhile, -ENOSPC if it would exceed a quota by now. The transaction is gone in every
 * case.
 */
int txn_end(struct txn *t, bool commit);

/* Whether it has used up what its domain may; then it can only be ended. */
bool txn_full(const struct txn *t);

/* Drop all transactions of a connection. */
void txn_drop_all(struct conn *c);

/* Make an open transaction of the daemon's former run known again; it can only end with -EAGAIN. */
void txn_restore(struct conn *c, uint32_t id);

/* Call `each` with the id of every open transaction of a connection. */
void txn_each(struct conn *c, void (*each)(struct conn *c, uint32_t id));

/* Below, `t` is NULL for a request outside any transaction. */

/* Look at a node. False if it does not exist. */
bool view_get(struct txn *t, const char *path, struct view *out);

/*
 * Append the names of a node's children, each with its NUL. Returns a number that changes with the
 * list.
 */
uint64_t view_children(struct txn *t, const char *path, struct buf *names);

/* Number of parents and the node itself that must be made so that `path` exists. */
unsigned view_missing(struct txn *t, const char *path);

/*
 * Change the tree, now or when the transaction is committed. The rights were checked by the caller;
 * this checks the quotas of the domain it happens for. Returns 0 or -ENOSPC; on error nothing
 * changed.
 */
int view_check(struct txn *t, const struct change *c);

/* Do what view_check() allowed. */
void view_apply(struct txn *t, const struct change *c);

#endif
