/* SPDX-License-Identifier: MIT */
/* What each domain uses of the store, and how much a guest may. */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/list.h"
#include "daemon/mem.h"

/* The limits; each holds for every domain but domain 0. */
enum quota {
    QUOTA_NODES,            /* nodes a domain owns */
    QUOTA_NODE_SIZE,        /* bytes of one node's value */
    QUOTA_PERMS,            /* entries in one node's permissions */
    QUOTA_WATCHES,          /* watches at a time */
    QUOTA_TRANSACTIONS,     /* open transactions */
    QUOTA_TRANSACTION_NODES,/* nodes one transaction touches */
    QUOTA_MEMORY,           /* bytes held for the domain in all: nodes, watches, transactions */
    QUOTA_OUTSTANDING,      /* bytes not yet taken, above which no further request is read */
    QUOTA_EVENTS,           /* bytes not yet taken, above which events are merged */
    QUOTA_COUNT,
};

/* One domain's use. */
struct account {
    unsigned nodes, watches, transactions;
    size_t bytes;
    struct list owned;      /* struct node.owned: the nodes the domain owns */
};

/* The account of a domain id; made when first asked for. */
struct account *quota_account(uint16_t domid);

/* The present limit. */
uint64_t quota_limit(enum quota q);

/* Whether a domain that has `used` may have `more` of it. */
bool quota_allows(uint16_t domid, enum quota q, uint64_t used, uint64_t more);

/* Change a limit by its name. Returns false if there is none of that name. */
bool quota_set(const char *name, uint64_t value);

/* Name of a limit, as used by quota_set(). */
const char *quota_name(enum quota q);

/* Append "name value" lines for the limits. */
void quota_print(struct buf *out);

/* Append the use of one domain. */
void quota_print_domain(uint16_t domid, struct buf *out);

#endif
