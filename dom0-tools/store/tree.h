/* SPDX-License-Identifier: MIT */
/* The nodes of the store: a hash of absolute paths whose members form a tree. */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <stdint.h>

#include "daemon/hash.h"
#include "daemon/list.h"
#include "store/perms.h"

/* The names that can be watched though they are no nodes below "/". */
#define TREE_INTRODUCE "@introduceDomain"
#define TREE_RELEASE "@releaseDomain"

struct node {
    struct hash_link link;      /* key: the absolute path, owned by the node */
    struct node *parent;        /* NULL for "/" and the special names */
    struct list children;       /* by struct node.sibling, in order of creation */
    struct list sibling;
    struct list owned;          /* on the owner's account */
    unsigned nchildren;
    uint32_t len;
    char *value;
    struct perms *perms;
    uint64_t gen;               /* changes with value and permissions */
    uint64_t children_gen;      /* changes with the list of children */
    uint16_t writer;            /* the domain that changed the node or its children last */
};

/* Make "/" and the special names, owned by domain 0. */
void tree_init(void);

/* The node at an absolute path or special name, or NULL. */
struct node *tree_find(const char *path);

/* The nearest node at or above `path` that exists. */
struct node *tree_nearest(const char *path);

/* The path of `path`'s parent in `out` (WIRE_PATH_SIZE bytes); false for "/" and special names. */
bool tree_parent_path(const char *path, char *out);

/* The node's own name within its parent. */
const char *tree_leaf(const char *path);

/* Bytes that a node of this path and value is charged with. */
size_t tree_charge(const char *path, uint32_t len);

/*
 * The node at `path`; made, with all missing parents, in the name of `creator` if it does not
 * exist. The new nodes are empty and inherit their permissions.
 */
struct node *tree_make(const char *path, uint16_t creator);

/* Replace the value. */
void tree_write(struct node *n, const void *value, uint32_t len, uint16_t writer);

/* Replace the permissions; takes its own reference. */
void tree_set_perms(struct node *n, struct perms *perms, uint16_t writer);

/* Remove a node (not "/") and everything below it. */
void tree_remove(struct node *n, uint16_t writer);

/* Give all nodes of a domain that ends to domain 0. */
void tree_disown(uint16_t domid);

/* Call `each` for a node and all below it, parents first, in the order of directories. */
void tree_walk(struct node *n, void (*each)(struct node *n, void *arg), void *arg);

/* Number of nodes, "/" and special names included. */
size_t tree_count(void);

#endif
