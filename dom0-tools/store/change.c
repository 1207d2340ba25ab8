/* SPDX-License-Identifier: MIT */
/*
 * One change of the tree as an object: applied at once, kept by a transaction, written to the
 * journal.
 */
#include "store/change.h"

#include <stdlib.h>
#include <string.h>

#include "store/record.h"
#include "store/tree.h"
#include "store/watch.h"

/*
 * Who watches exactly a node that goes with its parent learns of it; who watches above hears of the
 * parent.
 */
static void fire_gone(struct node *n, void *top)
{
    if (n != top)
        watch_fire_exact(n->link.key, n->perms, n->parent->perms);
}

static void apply_perms(const struct change *c, struct node *n)
{
    struct perms *old = perms_get(n->perms);

    tree_set_perms(n, c->perms, c->creator);
    watch_fire(c->path, old, n->perms);
    perms_put(old);
}

void change_apply(const struct change *c)
{
    struct node *n = tree_find(c->path);

    switch (c->type) {
    case CHANGE_MKDIR:
        if (n)
            return;
        /* fall through */
    case CHANGE_WRITE:
        record_change(c);
        if (!n)
            n = tree_make(c->path, c->creator);
        if (c->type == CHANGE_WRITE)
            tree_write(n, c->value, c->len, c->creator);
        watch_fire(c->path, n->perms, n->parent ? n->parent->perms : n->perms);
        break;
    case CHANGE_RM:
        if (!n)
            return;
        record_change(c);
        watch_fire(c->path, n->perms, n->parent->perms);
        tree_walk(n, fire_gone, n);
        tree_remove(n, c->creator);
        break;
    case CHANGE_PERMS:
        if (!n)
            return;
        record_change(c);
        apply_perms(c, n);
        break;
    }
}

struct change *change_copy(const struct change *c)
{
    struct change *copy = mem_alloc(sizeof(*copy));

    *copy = *c;
    list_init(&copy->link);
    copy->path = mem_string(c->path);
    copy->value = c->value ? mem_copy(c->value, c->len) : NULL;
    copy->perms = c->perms ? perms_get(c->perms) : NULL;
    return copy;
}

void change_free(struct change *c)
{
    free((char *)c->path);
    free((char *)c->value);
    perms_put(c->perms);
    free(c);
}
