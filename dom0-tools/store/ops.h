/* SPDX-License-Identifier: MIT */
/* The operations of the protocol: one row of a table each. */
#ifndef STORE_OPS_H
#define STORE_OPS_H

struct conn;
struct request;

/* Handle a request and answer it. The payload is followed by a NUL that does not belong to it. */
void ops_handle(struct conn *c, struct request *r);

#endif
