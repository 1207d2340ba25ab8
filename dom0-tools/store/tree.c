/* SPDX-License-Identifier: MIT */
/*
 * The nodes of the store: a hash of absolute paths whose members form a tree.
 *
 * Looking a path up is one hash access whatever its depth. Each change stamps the node with a
 * number that is never used again, also not by the daemon's next run, so that a transaction (txn.c)
 * sees whether a node is still the one it looked at by comparing two numbers.
 */
#include "store/tree.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/quota.h"
#include "store/wire.h"

static struct hash_map nodes;
static uint64_t generation;

static void charge(struct node *n)
{
    struct account *a = quota_account(perms_owner(n->perms));

    a->nodes++;
    a->bytes += tree_charge(n->link.key, n->len);
    list_append(&a->owned, &n->owned);
}

static void discharge(struct node *n, uint16_t owner)
{
    struct account *a = quota_account(owner);

    a->nodes--;
    a->bytes -= tree_charge(n->link.key, n->len);
    list_remove(&n->owned);
}

static struct node *new_node(const char *path, struct node *parent, struct perms *perms,
                             uint16_t creator)
{
    struct node *n = mem_alloc(sizeof(*n));

    n->link.key = mem_string(path);
    list_init(&n->children);
    list_init(&n->sibling);
    list_init(&n->owned);
    n->parent = parent;
    n->perms = perms;
    n->gen = n->children_gen = ++generation;
    n->writer = creator;
    hash_add(&nodes, &n->link);
    charge(n);
    if (parent) {
        list_append(&parent->children, &n->sibling);
        parent->nchildren++;
        parent->children_gen = generation;
        parent->writer = creator;
    }
    return n;
}

void tree_init(void)
{
    struct timespec ts;

    /*
     * The clock in nanoseconds runs ahead of the number of changes any earlier run can have made.
     */
    clock_gettime(CLOCK_REALTIME, &ts);
    generation = (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
    new_node("/", NULL, perms_single(0, 0), 0);
    new_node(TREE_INTRODUCE, NULL, perms_single(0, 0), 0);
    new_node(TREE_RELEASE, NULL, perms_single(0, 0), 0);
}

struct node *tree_find(const char *path)
{
    struct hash_link *l = hash_find(&nodes, path);

    return l ? container_of(l, struct node, link) : NULL;
}

bool tree_parent_path(const char *path, char *out)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);

    if (!slash || !path[1])
        return false;
    memmove(out, path, len);     /* callers climb in place */
    out[len] = '\0';
    return true;
}

struct node *tree_nearest(const char *path)
{
    char up[WIRE_PATH_SIZE];
    struct node *n = tree_find(path);

    if (n || !tree_parent_path(path, up))
        return n;
    while (!(n = tree_find(up)))
        tree_parent_path(up, up);
    return n;
}

const char *tree_leaf(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

size_t tree_charge(const char *path, uint32_t len)
{
    return sizeof(struct node) + strlen(path) + 1 + len;
}

struct node *tree_make(const char *path, uint16_t creator)
{
    struct node *n = tree_nearest(path);
    size_t have, len = strlen(path);
    char part[WIRE_PATH_SIZE];

    /* Descend from the nearest ancestor, one name at a time. */
    while ((have = strlen(n->link.key)) < len) {
        const char *name = path + have + (have > 1);
        size_t end = name - path + strcspn(name, "/");

        memcpy(part, path, end);
        part[end] = '\0';
        n = new_node(part, n, perms_inherit(n->perms, creator), creator);
    }
    return n;
}

void tree_write(struct node *n, const void *value, uint32_t len, uint16_t writer)
{
    struct account *a = quota_account(perms_owner(n->perms));

    a->bytes += len;
    a->bytes -= n->len;
    free(n->value);
    n->value = len ? mem_copy(value, len) : NULL;
    n->len = len;
    n->gen = ++generation;
    n->writer = writer;
}

void tree_set_perms(struct node *n, struct perms *perms, uint16_t writer)
{
    discharge(n, perms_owner(n->perms));
    perms_get(perms);
    perms_put(n->perms);
    n->perms = perms;
    charge(n);
    n->gen = ++generation;
    n->writer = writer;
}

static void free_node(struct node *n)
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &n->children)
        free_node(container_of(pos, struct node, sibling));
    discharge(n, perms_owner(n->perms));
    hash_remove(&nodes, &n->link);
    perms_put(n->perms);
    free((char *)n->link.key);
    free(n->value);
    free(n);
}

void tree_remove(struct node *n, uint16_t writer)
{
    struct node *parent = n->parent;

    list_remove(&n->sibling);
    parent->nchildren--;
    parent->children_gen = ++generation;
    parent->writer = writer;
    free_node(n);
}

void tree_disown(uint16_t domid)
{
    struct account *a = quota_account(domid);
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &a->owned) {
        struct node *n = container_of(pos, struct node, owned);
        struct perms *p = perms_new(n->perms->count);

        memcpy(p->entry, n->perms->entry, p->count * sizeof(p->entry[0]));
        p->entry[0].domid = 0;
        p->entry[0].life = perms_life(0);
        tree_set_perms(n, p, 0);
        perms_put(p);
    }
}

void tree_walk(struct node *n, void (*each)(struct node *n, void *arg), void *arg)
{
    struct list *pos, *tmp;

    each(n, arg);
    list_for_each(pos, tmp, &n->children)
        tree_walk(container_of(pos, struct node, sibling), each, arg);
}

size_t tree_count(void)
{
    return nodes.count;
}
