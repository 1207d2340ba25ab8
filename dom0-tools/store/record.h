/* SPDX-License-Identifier: MIT */
/* What the journal says: one function per fact that must survive the daemon, and the way back. */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct change;
struct conn;
struct domain;

/* The tree changed. */
void record_change(const struct change *c);

/* A connection's watches and transactions. Only rings' are kept: a socket ends with the daemon. */
void record_watch(struct conn *c, const char *path, bool relative, const char *token);
void record_unwatch(struct conn *c, const char *path, const char *token);
void record_txn(struct conn *c, uint32_t id, bool open);

/* A connection lost all its watches and transactions. */
void record_reset(struct conn *c);

/* Domains. */
void record_introduce(const struct domain *d);
void record_release(uint16_t domid);
void record_reported(const struct domain *d);
void record_target(const struct domain *d);

/* A ring: both positions, with nothing in flight. */
void record_ring(const struct conn *c);

/* A ring: requests up to in_pos are done. */
void record_in_pos(const struct conn *c);

/* A ring: requests up to in_pos were consumed; these bytes of them are not handled yet. */
void record_in_part(const struct conn *c, const void *data, size_t len);

/* A ring: bytes to be sent. */
void record_out(const struct conn *c, const void *data, size_t len);

/* A ring: whether events were merged. */
void record_overflow(const struct conn *c);

/* A quota was set. */
void record_quota(const char *name, uint64_t value);

/* Read the journal into an empty store. Returns false if there was none. */
bool record_load(void);

/* True inside record_load(): changes are known to the journal, and nobody is to be told of them. */
bool record_loading(void);

/* Write the present state as a new journal. */
void record_rewrite(void);

#endif
