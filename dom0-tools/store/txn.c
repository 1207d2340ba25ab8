/* SPDX-License-Identifier: MIT */
/*
 * The tree as one request sees it: directly, or through an open transaction.
 *
 * A transaction holds two things. Its *overlay* says of every path it touched what the tree looked
 * like then (the node's stamp, 0 for "does not exist") and, where it changed something, what the
 * path looks like to the transaction now. Its *changes* are the requests that changed something, in
 * order. Nothing of either reaches the tree before the end. To commit, every stamp is compared with
 * the tree's: if all are the same, the tree is, as far as this transaction can tell, still the one
 * it worked on, and doing the changes again one by one, on the tree itself, has exactly the results
 * that its requests were told. If one differs, the answer is EAGAIN and the client starts again.
 *
 * The list of children has a stamp of its own, which only listing a directory (or removing it)
 * depends on: two transactions that make different nodes in one directory do not disturb each
 * other.
 */
#include "store/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/hash.h"
#include "store/conn.h"
#include "store/domains.h"
#include "store/quota.h"
#include "store/record.h"
#include "store/tree.h"
#include "store/wire.h"

/*
 * How long a guest that spoiled a transaction of dom0 must pause, so that the next try gets
 * through.
 */
#define CONFLICT_HOLD_MS 20

struct txn {
    struct list link;           /* struct conn.transactions */
    struct conn *conn;
    uint32_t id;
    bool doomed;                /* of the daemon's former run, or too large */
    struct hash_map overlay;    /* struct seen, by path */
    struct list changes;
    unsigned nchanges;
    unsigned made;              /* nodes that the changes make */
    size_t bytes;               /* charged to the connection's domain */
};

/* What the transaction knows of a path. */
struct seen {
    struct hash_link link;      /* key: the path, owned */
    bool gen_known, children_known;
    uint64_t gen, children_gen; /* stamps in the tree when first looked at */
    bool changed;               /* by the transaction: the fields below hold, not the tree's */
    bool exists;
    uint32_t len;
    char *value;
    struct perms *perms;
    struct list made;           /* children that the transaction made, by `sibling` */
    struct list sibling;
};

static void charge(struct txn *t, size_t bytes)
{
    t->bytes += bytes;
    quota_account(t->conn->who.domid)->bytes += bytes;
}

static struct seen *find_seen(struct txn *t, const char *path)
{
    struct hash_link *l = hash_find(&t->overlay, path);

    return l ? container_of(l, struct seen, link) : NULL;
}

static struct seen *get_seen(struct txn *t, const char *path)
{
    struct seen *s = find_seen(t, path);

    if (s)
        return s;
    s = mem_alloc(sizeof(*s));
    s->link.key = mem_string(path);
    list_init(&s->made);
    list_init(&s->sibling);
    hash_add(&t->overlay, &s->link);
    charge(t, sizeof(*s) + strlen(path) + 1);
    if (!quota_allows(t->conn->who.domid, QUOTA_TRANSACTION_NODES, t->overlay.count, 0))
        t->doomed = true;
    return s;
}

static void see_node(struct seen *s, const struct node *n)
{
    if (s->gen_known)
        return;
    s->gen_known = true;
    s->gen = n ? n->gen : 0;
}

static void see_children(struct seen *s, const struct node *n)
{
    if (s->children_known)
        return;
    s->children_known = true;
    s->children_gen = n ? n->children_gen : 0;
}

static void free_seen(struct seen *s)
{
    free((char *)s->link.key);
    free(s->value);
    perms_put(s->perms);
    free(s);
}

int txn_start(struct conn *c, uint32_t *id)
{
    struct account *a = quota_account(c->who.domid);
    struct txn *t;

    if (!quota_allows(c->who.domid, QUOTA_TRANSACTIONS, a->transactions, 1) ||
        !quota_allows(c->who.domid, QUOTA_MEMORY, a->bytes, sizeof(*t)))
        return -ENOSPC;
    t = mem_alloc(sizeof(*t));
    t->conn = c;
    list_init(&t->changes);
    do
        t->id = ++c->last_txid;
    while (!t->id || txn_find(c, t->id));
    list_append(&c->transactions, &t->link);
    a->transactions++;
    charge(t, sizeof(*t));
    record_txn(c, t->id, true);
    *id = t->id;
    return 0;
}

struct txn *txn_find(struct conn *c, uint32_t id)
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &c->transactions) {
        struct txn *t = container_of(pos, struct txn, link);

        if (t->id == id)
            return t;
    }
    return NULL;
}

bool txn_full(const struct txn *t)
{
    uint16_t domid = t->conn->who.domid;

    return !quota_allows(domid, QUOTA_TRANSACTION_NODES, t->overlay.count, 0) ||
           !quota_allows(domid, QUOTA_MEMORY, quota_account(domid)->bytes, 0);
}

static void free_txn(struct txn *t)
{
    struct account *a = quota_account(t->conn->who.domid);
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &t->changes)
        change_free(container_of(pos, struct change, link));
    for (size_t i = 0; i < t->overlay.slots; i++) {
        struct hash_link *l = t->overlay.slot[i], *next;

        for (; l; l = next) {
            next = l->next;
            free_seen(container_of(l, struct seen, link));
        }
    }
    hash_free(&t->overlay);
    list_remove(&t->link);
    a->transactions--;
    a->bytes -= t->bytes;
    free(t);
}

static bool still_true(const struct seen *s)
{
    const struct node *n = tree_find(s->link.key);

    return (!s->gen_known || s->gen == (n ? n->gen : 0)) &&
           (!s->children_known || s->children_gen == (n ? n->children_gen : 0));
}

/*
 * A guest that keeps changing what dom0 works on is slowed down, else it could keep dom0 from ever
 * finishing.
 */
static void blame(const struct txn *t, const struct seen *s)
{
    const struct node *n = tree_nearest(s->link.key);
    struct conn *c;

    if (t->conn->who.domid != 0 || !n || n->writer == 0)
        return;
    c = domains_conn(n->writer);
    if (c)
        conn_hold(c, CONFLICT_HOLD_MS);
}

static bool conflicts(struct txn *t)
{
    for (size_t i = 0; i < t->overlay.slots; i++) {
        for (struct hash_link *l = t->overlay.slot[i]; l; l = l->next) {
            struct seen *s = container_of(l, struct seen, link);

            if (!still_true(s)) {
                blame(t, s);
                return true;
            }
        }
    }
    return false;
}

int txn_end(struct txn *t, bool commit)
{
    uint16_t domid = t->conn->who.domid;
    struct list *pos, *tmp;
    int err = 0;

    record_txn(t->conn, t->id, false);
    if (commit) {
        if (t->doomed || conflicts(t))
            err = -EAGAIN;
        else if (!quota_allows(domid, QUOTA_NODES, quota_account(domid)->nodes, t->made))
            err = -ENOSPC;
        else
            list_for_each(pos, tmp, &t->changes)
                change_apply(container_of(pos, struct change, link));
    }
    free_txn(t);
    return err;
}

void txn_drop_all(struct conn *c)
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &c->transactions)
        free_txn(container_of(pos, struct txn, link));
}

void txn_restore(struct conn *c, uint32_t id)
{
    struct txn *t = mem_alloc(sizeof(*t));

    t->conn = c;
    t->id = id;
    t->doomed = true;
    list_init(&t->changes);
    list_append(&c->transactions, &t->link);
    quota_account(c->who.domid)->transactions++;
    c->last_txid = id;
}

void txn_each(struct conn *c, void (*each)(struct conn *c, uint32_t id))
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &c->transactions)
        each(c, container_of(pos, struct txn, link)->id);
}

bool view_get(struct txn *t, const char *path, struct view *out)
{
    struct seen *s = t ? get_seen(t, path) : NULL;
    struct node *n;

    if (s && s->changed) {
        if (s->exists)
            *out = (struct view){ .value = s->value, .len = s->len, .perms = s->perms };
        return s->exists;
    }
    n = tree_find(path);
    if (s)
        see_node(s, n);
    if (n)
        *out = (struct view){ .value = n->value, .len = n->len, .perms = n->perms };
    return n;
}

static void add_name(struct buf *names, const char *path)
{
    const char *leaf = tree_leaf(path);

    buf_add(names, leaf, strlen(leaf) + 1);
}

uint64_t view_children(struct txn *t, const char *path, struct buf *names)
{
    struct node *n = tree_find(path);
    struct seen *s = t ? get_seen(t, path) : NULL;
    struct list *pos, *tmp;

    if (s)
        see_children(s, n);
    if (n) {
        list_for_each(pos, tmp, &n->children) {
            const char *child = container_of(pos, struct node, sibling)->link.key;
            struct seen *cs = t ? find_seen(t, child) : NULL;

            if (!cs || !cs->changed || cs->exists)
                add_name(names, child);
        }
    }
    if (s)
        list_for_each(pos, tmp, &s->made)
            add_name(names, container_of(pos, struct seen, sibling)->link.key);
    return (n ? n->children_gen : 0) + (t ? t->nchanges : 0);
}

unsigned view_missing(struct txn *t, const char *path)
{
    char up[WIRE_PATH_SIZE];
    struct view v;
    unsigned n = 0;

    strcpy(up, path);
    for (; !view_get(t, up, &v); n++)
        if (!tree_parent_path(up, up))
            break;
    return n;
}

/* Make the transaction's own copy of what a path looks like. */
static struct seen *own(struct txn *t, const char *path)
{
    struct seen *s = get_seen(t, path);
    struct view v;

    if (s->changed || !view_get(t, path, &v))
        return s;
    s->value = v.len ? mem_copy(v.value, v.len) : NULL;
    s->len = v.len;
    s->perms = perms_get(v.perms);
    s->changed = s->exists = true;
    charge(t, v.len);
    return s;
}

static void make_one(struct txn *t, const char *path, uint16_t creator)
{
    char up[WIRE_PATH_SIZE];
    struct seen *s = get_seen(t, path), *parent;
    struct view v;

    if (!tree_parent_path(path, up) || !view_get(t, up, &v))
        return;
    s->changed = s->exists = true;
    s->len = 0;
    s->value = NULL;
    s->perms = perms_inherit(v.perms, creator);
    if (!tree_find(path)) {
        parent = get_seen(t, up);
        list_append(&parent->made, &s->sibling);
    }
    t->made++;
}

/* Make a path and what it lacks of parents in the overlay, the topmost first. */
static struct seen *make(struct txn *t, const char *path, uint16_t creator)
{
    char part[WIRE_PATH_SIZE];
    size_t len = strlen(path), at = len;

    /* Back to where what exists ends, then down again by one name at a time. */
    for (unsigned missing = view_missing(t, path); missing; missing--)
        while (path[--at] != '/')
            ;
    while (at < len) {
        at += 1 + strcspn(path + at + 1, "/");
        memcpy(part, path, at);
        part[at] = '\0';
        make_one(t, part, creator);
    }
    return own(t, path);
}

static void forget(struct txn *t, const char *path)
{
    struct seen *s = get_seen(t, path);
    struct node *n = tree_find(path);
    struct list *pos, *tmp;

    see_node(s, n);
    see_children(s, n);
    if (n)
        list_for_each(pos, tmp, &n->children)
            forget(t, container_of(pos, struct node, sibling)->link.key);
    list_for_each(pos, tmp, &s->made)
        forget(t, container_of(pos, struct seen, sibling)->link.key);
    list_remove(&s->sibling);
    free(s->value);
    perms_put(s->perms);
    s->value = NULL;
    s->perms = NULL;
    s->len = 0;
    s->changed = true;
    s->exists = false;
}

static void overlay_apply(struct txn *t, const struct change *c)
{
    struct seen *s;

    switch (c->type) {
    case CHANGE_MKDIR:
        make(t, c->path, c->creator);
        break;
    case CHANGE_WRITE:
        s = make(t, c->path, c->creator);
        free(s->value);
        s->value = c->len ? mem_copy(c->value, c->len) : NULL;
        s->len = c->len;
        break;
    case CHANGE_RM:
        forget(t, c->path);
        break;
    case CHANGE_PERMS:
        s = own(t, c->path);
        perms_put(s->perms);
        s->perms = perms_get(c->perms);
        break;
    }
}

int view_check(struct txn *t, const struct change *c)
{
    const struct account *a = quota_account(c->creator);
    bool makes = c->type == CHANGE_WRITE || c->type == CHANGE_MKDIR;
    unsigned nodes = makes ? view_missing(t, c->path) : 0;
    size_t bytes = c->len + nodes * (tree_charge(c->path, 0));

    if (c->creator == 0)
        return 0;
    if (t)      /* the change itself, and the overlay's copy */
        bytes += sizeof(*c) + 2 * (strlen(c->path) + c->len) + sizeof(struct seen);
    if (!quota_allows(c->creator, QUOTA_NODES, a->nodes + (t ? t->made : 0), nodes) ||
        !quota_allows(c->creator, QUOTA_NODE_SIZE, c->len, 0) ||
        !quota_allows(c->creator, QUOTA_PERMS, c->perms ? c->perms->count : 0, 0) ||
        !quota_allows(c->creator, QUOTA_MEMORY, a->bytes, bytes))
        return -ENOSPC;
    return 0;
}

void view_apply(struct txn *t, const struct change *c)
{
    struct change *copy;

    if (!t) {
        change_apply(c);
        return;
    }
    copy = change_copy(c);
    list_append(&t->changes, &copy->link);
    t->nchanges++;
    charge(t, sizeof(*c) + strlen(c->path) + 1 + 2 * (size_t)c->len);
    overlay_apply(t, c);
}
