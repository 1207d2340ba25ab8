/* SPDX-License-Identifier: MIT */
/*
 * One change of the tree as an object: applied at once, kept by a transaction, written to the
 * journal.
 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include <stdint.h>

#include "daemon/list.h"
#include "store/perms.h"

enum change_type {
    CHANGE_WRITE,       /* set the value; make the node and its parents if they are missing */
    CHANGE_MKDIR,       /* make the node and its parents if they are missing */
    CHANGE_RM,          /* remove the node and what is below it */
    CHANGE_PERMS,       /* replace the permissions */
};

struct change {
    struct list link;           /* in struct txn.changes */
    enum change_type type;
    uint16_t creator;           /* the domain in whose name it happens */
    const char *path;
    const char *value;          /* CHANGE_WRITE */
    uint32_t len;
    struct perms *perms;        /* CHANGE_PERMS */
};

/*
 * Do it to the tree, put it into the journal, fire the watches. The caller has checked rights and
 * quotas: this cannot fail. RM and PERMS of a node that does not exist are no change.
 */
void change_apply(const struct change *c);

/* A copy on the heap, and its end. */
struct change *change_copy(const struct change *c);
void change_free(struct change *c);

#endif
