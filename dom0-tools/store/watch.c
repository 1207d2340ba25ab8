/* SPDX-License-Identifier: MIT */
/*
 * Watches: who asked to be told about changes at or below which path.
 *
 * Watches are kept by the path they are on, in a hash. A change looks up its own path and every
 * path above, so its cost is the depth of the path plus the number of watches that fire, however
 * many others there are.
 */
#include "store/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/hash.h"
#include "store/conn.h"
#include "store/quota.h"
#include "store/record.h"
#include "store/wire.h"

/* A path that has watches. */
struct watch_point {
    struct hash_link link;
    struct list watches;
    char path[];
};

static struct hash_map points;

static struct watch_point *find_point(const char *path, size_t len)
{
    struct hash_link *l = hash_find_len(&points, path, len);

    return l ? container_of(l, struct watch_point, link) : NULL;
}

static struct watch_point *make_point(const char *path)
{
    struct watch_point *p = mem_alloc(sizeof(*p) + strlen(path) + 1);

    strcpy(p->path, path);
    p->link.key = p->path;
    list_init(&p->watches);
    hash_add(&points, &p->link);
    return p;
}

const char *watch_path(const struct watch *w)
{
    return w->point->path;
}

static struct watch *find_watch(struct conn *c, const char *path, const char *token)
{
    struct watch_point *p = find_point(path, strlen(path));
    struct list *pos, *tmp;

    if (!p)
        return NULL;
    /* Few watch the same path, while dom0's kernel has thousands of watches. */
    list_for_each(pos, tmp, &p->watches) {
        struct watch *w = container_of(pos, struct watch, by_point);

        if (w->conn == c && !strcmp(w->token, token))
            return w;
    }
    return NULL;
}

static size_t watch_charge(const struct watch *w)
{
    return sizeof(*w) + sizeof(*w->point) + strlen(w->point->path) + strlen(w->token) + 2;
}

int watch_add(struct conn *c, const char *path, bool relative, const char *token)
{
    struct account *a = quota_account(c->who.domid);
    size_t bytes = sizeof(struct watch) + sizeof(struct watch_point) + strlen(path) +
                   strlen(token) + 2;
    struct watch *w;

    if (find_watch(c, path, token))
        return -EEXIST;
    if (!quota_allows(c->who.domid, QUOTA_WATCHES, a->watches, 1) ||
        !quota_allows(c->who.domid, QUOTA_MEMORY, a->bytes, bytes))
        return -E2BIG;

    w = mem_alloc(sizeof(*w) + strlen(token) + 1);
    strcpy(w->token, token);
    w->conn = c;
    w->relative = relative;
    w->point = find_point(path, strlen(path));
    if (!w->point)
        w->point = make_point(path);
    list_append(&w->point->watches, &w->by_point);
    list_append(&c->watches, &w->by_conn);
    a->watches++;
    a->bytes += bytes;
    record_watch(c, path, relative, token);
    return 0;
}

static void free_watch(struct watch *w)
{
    struct account *a = quota_account(w->conn->who.domid);

    a->watches--;
    a->bytes -= watch_charge(w);
    list_remove(&w->by_conn);
    list_remove(&w->by_point);
    if (list_empty(&w->point->watches)) {
        hash_remove(&points, &w->point->link);
        free(w->point);
    }
    free(w);
}

int watch_remove(struct conn *c, const char *path, const char *token)
{
    struct watch *w = find_watch(c, path, token);

    if (!w)
        return -ENOENT;
    free_watch(w);
    record_unwatch(c, path, token);
    return 0;
}

void watch_remove_all(struct conn *c)
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &c->watches)
        free_watch(container_of(pos, struct watch, by_conn));
}

/* The path as the watcher wants it: without "/local/domain/<id>/" for a relative watch. */
static const char *as_seen(const struct watch *w, const char *path)
{
    int slashes = 0;

    if (!w->relative)
        return path;
    while (slashes < 4 && *path)
        slashes += *path++ == '/';
    return path;
}

static void send_event(struct watch *w, const char *path, bool always)
{
    const char *seen = as_seen(w, path);

    conn_event(w->conn, seen, w->token, always);
}

void watch_fire_first(struct conn *c, const char *path, const char *token)
{
    struct watch *w = find_watch(c, path, token);

    if (w)
        send_event(w, path, true);
}

void watch_refire(struct conn *c)
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &c->watches) {
        struct watch *w = container_of(pos, struct watch, by_conn);

        send_event(w, w->point->path, true);
    }
}

static bool may_hear(const struct conn *c, const struct perms *a, const struct perms *b)
{
    return (perms_allow(a, &c->who) | perms_allow(b, &c->who)) & PERM_READ;
}

static void fire_point(const char *point, size_t len, const char *path, const struct perms *a,
                       const struct perms *b)
{
    struct watch_point *p = find_point(point, len);
    struct list *pos, *tmp;

    if (!p)
        return;
    list_for_each(pos, tmp, &p->watches) {
        struct watch *w = container_of(pos, struct watch, by_point);

        if (may_hear(w->conn, a, b))
            send_event(w, path, false);
    }
}

void watch_fire_exact(const char *path, const struct perms *a, const struct perms *b)
{
    if (!record_loading())
        fire_point(path, strlen(path), path, a, b);
}

void watch_fire(const char *path, const struct perms *a, const struct perms *b)
{
    size_t len = strlen(path);

    if (record_loading())
        return;
    fire_point(path, len, path, a, b);
    if (path[0] != '/' || len == 1)
        return;
    while (--len)
        if (path[len] == '/')
            fire_point(path, len, path, a, b);
    fire_point("/", 1, path, a, b);
}
