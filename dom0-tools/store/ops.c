/* SPDX-License-Identifier: MIT */
/*
 * The operations of the protocol: one row of a table each.
 *
 * A handler checks everything, then answers, then changes the store: the answer comes before the
 * events that the change causes, and below it nothing can fail. It returns a negative errno instead
 * of answering to refuse.
 */
#include "store/ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon/process.h"
#include "store/change.h"
#include "store/conn.h"
#include "store/control.h"
#include "store/domains.h"
#include "store/record.h"
#include "store/tree.h"
#include "store/txn.h"
#include "store/watch.h"

/* A table row. */
struct op {
    const char *name;
    int (*handle)(struct conn *c, struct request *r);
    int strings;            /* strings the payload must consist of; 0: the handler looks itself */
    bool dom0;              /* only domain 0 may */
};

static int ok(struct conn *c, const struct request *r)
{
    conn_reply(c, r, "OK", 3);
    return 0;
}

/* The rights to a path, or to the nearest node above it if it does not exist. */
static unsigned rights(struct conn *c, struct txn *t, const char *path, struct view *v,
                       bool *exists)
{
    char up[WIRE_PATH_SIZE];

    *exists = view_get(t, path, v);
    if (*exists)
        return perms_allow(v->perms, &c->who);
    strcpy(up, path);
    while (tree_parent_path(up, up)) {
        struct view parent;

        if (view_get(t, up, &parent))
            return perms_allow(parent.perms, &c->who);
    }
    return 0;
}

/*
 * Look at an existing node with a right. Who may not read its surroundings is not told that it is
 * missing.
 */
static int look(struct conn *c, const struct request *r, const char *path, unsigned need,
                struct view *v)
{
    bool exists;

    if (!(rights(c, r->txn, path, v, &exists) & need))
        return -EACCES;
    return exists ? 0 : -ENOENT;
}

static bool path_of(const struct conn *c, const char *s, bool special, char *out)
{
    return wire_path(s, c->who.domid, special, out);
}

static int op_directory(struct conn *c, struct request *r)
{
    char path[WIRE_PATH_SIZE];
    struct buf names = { 0 };
    struct view v;
    int err;

    if (!path_of(c, r->data, false, path))
        return -EINVAL;
    err = look(c, r, path, PERM_READ, &v);
    if (err)
        return err;
    view_children(r->txn, path, &names);
    conn_reply(c, r, names.data, names.len);
    buf_free(&names);
    return 0;
}

/*
 * The answer is the list's stamp and as many whole names from an offset on as fit; an empty name
 * ends the list.
 */
static int op_directory_part(struct conn *c, struct request *r)
{
    char path[WIRE_PATH_SIZE], answer[XENSTORE_PAYLOAD_MAX];
    struct buf names = { 0 };
    uint64_t offset, stamp;
    struct view v;
    size_t len, used;
    int err;

    if (!path_of(c, r->data, false, path) || !wire_number(wire_next(r->data), SIZE_MAX, &offset))
        return -EINVAL;
    err = look(c, r, path, PERM_READ, &v);
    if (err)
        return err;
    stamp = view_children(r->txn, path, &names);
    used = snprintf(answer, sizeof(answer), "%llu", (unsigned long long)stamp) + 1;
    len = offset < names.len ? names.len - offset : 0;
    if (len >= sizeof(answer) - used) {
        len = sizeof(answer) - used;
        while (len && names.data[offset + len - 1])
            len--;
        memcpy(answer + used, names.data + offset, len);
        used += len;
    } else {
        if (len)
            memcpy(answer + used, names.data + offset, len);
        used += len;
        answer[used++] = '\0';
    }
    conn_reply(c, r, answer, used);
    buf_free(&names);
    return 0;
}

static int op_read(struct conn *c, struct request *r)
{
    char path[WIRE_PATH_SIZE];
    struct view v;
    int err;

    if (!path_of(c, r->data, false, path))
        return -EINVAL;
    err = look(c, r, path, PERM_READ, &v);
    if (err)
        return err;
    conn_reply(c, r, v.value, v.len);
    return 0;
}

/* Check a change's quotas, answer, do it. */
static int commit(struct conn *c, struct request *r, struct change *change)
{
    int err;

    change->creator = c->who.domid;
    err = view_check(r->txn, change);
    if (err)
        return err;
    ok(c, r);
    view_apply(r->txn, change);
    return 0;
}

static int op_write(struct conn *c, struct request *r)
{
    struct change change = { .type = CHANGE_WRITE };
    size_t plen = strlen(r->data);
    char path[WIRE_PATH_SIZE];
    struct view v;
    bool exists;

    /* A path with its NUL, then the value to the payload's end. */
    if (plen >= r->head.len || !path_of(c, r->data, false, path))
        return -EINVAL;
    if (!(rights(c, r->txn, path, &v, &exists) & PERM_WRITE))
        return -EACCES;
    change.path = path;
    change.value = r->data + plen + 1;
    change.len = r->head.len - plen - 1;
    return commit(c, r, &change);
}

static int op_mkdir(struct conn *c, struct request *r)
{
    struct change change = { .type = CHANGE_MKDIR };
    char path[WIRE_PATH_SIZE];
    struct view v;
    bool exists;

    if (!path_of(c, r->data, false, path))
        return -EINVAL;
    if (!(rights(c, r->txn, path, &v, &exists) & PERM_WRITE))
        return -EACCES;
    if (exists)
        return ok(c, r);
    change.path = path;
    return commit(c, r, &change);
}

static int op_rm(struct conn *c, struct request *r)
{
    struct change change = { .type = CHANGE_RM };
    char path[WIRE_PATH_SIZE], parent[WIRE_PATH_SIZE];
    struct view v;
    bool exists;

    if (!path_of(c, r->data, false, path) || !tree_parent_path(path, parent))
        return -EINVAL;
    if (!(rights(c, r->txn, path, &v, &exists) & PERM_WRITE))
        return -EACCES;
    if (!exists)    /* no error, unless the parent is missing, too */
        return view_get(r->txn, parent, &v) ? ok(c, r) : -ENOENT;
    change.path = path;
    return commit(c, r, &change);
}

static int op_get_perms(struct conn *c, struct request *r)
{
    char path[WIRE_PATH_SIZE];
    struct buf text = { 0 };
    struct view v;
    int err;

    if (!path_of(c, r->data, true, path))
        return -EINVAL;
    err = look(c, r, path, PERM_READ, &v);
    if (err)
        return err;
    perms_format(v.perms, &text);
    conn_reply(c, r, text.data, text.len);
    buf_free(&text);
    return 0;
}

static int op_set_perms(struct conn *c, struct request *r)
{
    struct change change = { .type = CHANGE_PERMS };
    int strings = wire_strings(r->data, r->head.len);
    char path[WIRE_PATH_SIZE];
    struct view v;
    int err;

    if (strings < 2 || !path_of(c, r->data, true, path))
        return -EINVAL;
    err = look(c, r, path, PERM_OWNER, &v);
    if (err)
        return err;
    change.path = path;
    change.perms = perms_parse(wire_next(r->data), strings - 1);
    if (!change.perms)
        return -EINVAL;
    /* A guest cannot give nodes away, and with them the quota they count against. */
    if (c->who.domid && perms_owner(change.perms) != perms_owner(v.perms))
        err = -EPERM;
    else
        err = commit(c, r, &change);
    perms_put(change.perms);
    return err;
}

static int op_watch(struct conn *c, struct request *r)
{
    const char *token = wire_next(r->data);
    char path[WIRE_PATH_SIZE];
    bool relative = r->data[0] != '/' && r->data[0] != '@';
    int err;

    if (!path_of(c, r->data, true, path) || strlen(token) > WIRE_TOKEN_MAX)
        return -EINVAL;
    if (path[0] == '@' && !tree_find(path))
        return -EINVAL;
    err = watch_add(c, path, relative, token);
    if (err)
        return err;
    ok(c, r);
    watch_fire_first(c, path, token);
    return 0;
}

static int op_unwatch(struct conn *c, struct request *r)
{
    char path[WIRE_PATH_SIZE];
    int err;

    if (!path_of(c, r->data, true, path))
        return -EINVAL;
    err = watch_remove(c, path, wire_next(r->data));
    return err ? err : ok(c, r);
}

static int op_reset_watches(struct conn *c, struct request *r)
{
    watch_remove_all(c);
    txn_drop_all(c);
    record_reset(c);
    return ok(c, r);
}

static int op_transaction_start(struct conn *c, struct request *r)
{
    char text[16];
    uint32_t id;
    int err;

    if (r->txn)
        return -EBUSY;
    err = txn_start(c, &id);
    if (err)
        return err;
    conn_reply(c, r, text, snprintf(text, sizeof(text), "%u", id) + 1);
    return 0;
}

static int op_transaction_end(struct conn *c, struct request *r)
{
    bool commit;
    int err;

    if (!r->txn)
        return -ENOENT;
    if (strcmp(r->data, "T") && strcmp(r->data, "F"))
        return -EINVAL;
    commit = r->data[0] == 'T';
    err = txn_end(r->txn, commit);
    return err ? err : ok(c, r);
}

static bool domid_of(const char *s, uint16_t *domid)
{
    uint64_t n;

    if (!wire_number(s, WIRE_DOMID_END - 1, &n))
        return false;
    *domid = n;
    return true;
}

static int op_introduce(struct conn *c, struct request *r)
{
    const char *gfn_text = wire_next(r->data);
    uint64_t gfn, port;
    uint16_t domid;
    int err;

    if (!domid_of(r->data, &domid) || domid == 0 || !wire_number(gfn_text, UINT64_MAX, &gfn) ||
        !wire_number(wire_next(gfn_text), UINT32_MAX, &port) || !port)
        return -EINVAL;
    if (!domains_present())
        return -ENOSYS;
    err = domains_introduce(domid, gfn, port);
    return err ? err : ok(c, r);
}

static int op_release(struct conn *c, struct request *r)
{
    uint16_t domid;
    int err;

    if (!domid_of(r->data, &domid) || domid == 0)
        return -EINVAL;
    err = domains_release(domid);
    return err ? err : ok(c, r);
}

static int op_resume(struct conn *c, struct request *r)
{
    uint16_t domid;
    int err;

    if (!domid_of(r->data, &domid) || domid == 0)
        return -EINVAL;
    err = domains_resume(domid);
    return err ? err : ok(c, r);
}

static int op_set_target(struct conn *c, struct request *r)
{
    uint16_t domid, target;
    int err;

    if (!domid_of(r->data, &domid) || !domid_of(wire_next(r->data), &target) || domid == 0)
        return -EINVAL;
    err = domains_set_target(domid, target);
    return err ? err : ok(c, r);
}

static int op_is_domain_introduced(struct conn *c, struct request *r)
{
    uint16_t domid;

    if (!domid_of(r->data, &domid))
        return -EINVAL;
    conn_reply(c, r, domid == 0 || domains_find(domid) ? "T" : "F", 2);
    return 0;
}

static int op_get_domain_path(struct conn *c, struct request *r)
{
    char path[32];
    uint16_t domid;

    if (!domid_of(r->data, &domid))
        return -EINVAL;
    conn_reply(c, r, path, snprintf(path, sizeof(path), "/local/domain/%u", domid) + 1);
    return 0;
}

static int op_control(struct conn *c, struct request *r)
{
    int strings = wire_strings(r->data, r->head.len);
    struct buf answer = { 0 };
    int err;

    if (strings < 1)
        return -EINVAL;
    err = control_run(r->data, strings, &answer);
    if (!err) {
        buf_add(&answer, "", 1);
        conn_reply(c, r, answer.data, answer.len);
    }
    buf_free(&answer);
    return err;
}

static const struct op ops[XS_TYPE_COUNT] = {
    [XS_CONTROL] = { "control", op_control, 0, true },
    [XS_DIRECTORY] = { "directory", op_directory, 1, false },
    [XS_DIRECTORY_PART] = { "directory_part", op_directory_part, 2, false },
    [XS_READ] = { "read", op_read, 1, false },
    [XS_WRITE] = { "write", op_write, 0, false },
    [XS_MKDIR] = { "mkdir", op_mkdir, 1, false },
    [XS_RM] = { "rm", op_rm, 1, false },
    [XS_GET_PERMS] = { "get_perms", op_get_perms, 1, false },
    [XS_SET_PERMS] = { "set_perms", op_set_perms, 0, false },
    [XS_WATCH] = { "watch", op_watch, 2, false },
    [XS_UNWATCH] = { "unwatch", op_unwatch, 2, false },
    [XS_RESET_WATCHES] = { "reset_watches", op_reset_watches, 0, false },
    [XS_TRANSACTION_START] = { "transaction_start", op_transaction_start, 0, false },
    [XS_TRANSACTION_END] = { "transaction_end", op_transaction_end, 1, false },
    [XS_INTRODUCE] = { "introduce", op_introduce, 3, true },
    [XS_RELEASE] = { "release", op_release, 1, true },
    [XS_RESUME] = { "resume", op_resume, 1, true },
    [XS_SET_TARGET] = { "set_target", op_set_target, 2, true },
    [XS_IS_DOMAIN_INTRODUCED] = { "is_domain_introduced", op_is_domain_introduced, 1, false },
    [XS_GET_DOMAIN_PATH] = { "get_domain_path", op_get_domain_path, 1, false },
};

static int dispatch(struct conn *c, struct request *r)
{
    const struct op *op = r->head.type < XS_TYPE_COUNT ? &ops[r->head.type] : NULL;

    if (!op || !op->handle)
        return -ENOSYS;
    if (op->dom0 && c->who.domid != 0)
        return -EACCES;
    if (op->strings && wire_strings(r->data, r->head.len) != op->strings)
        return -EINVAL;
    /* A watch belongs to no transaction; clients send whatever id they have at hand. */
    if (r->head.tx_id && r->head.type != XS_WATCH && r->head.type != XS_UNWATCH) {
        r->txn = txn_find(c, r->head.tx_id);
        if (!r->txn)
            return -ENOENT;
        if (txn_full(r->txn) && r->head.type != XS_TRANSACTION_END)
            return -ENOSPC;
    }
    return op->handle(c, r);
}

void ops_handle(struct conn *c, struct request *r)
{
    int err = dispatch(c, r);

    if (control_logging())
        note(LOG_DEBUG, "domain %u: %s %.200s (transaction %u): %s", c->who.domid,
             r->head.type < XS_TYPE_COUNT && ops[r->head.type].name ? ops[r->head.type].name : "?",
             r->data, r->head.tx_id, err ? wire_error(-err) : "done");
    if (err)
        conn_reply_error(c, r, -err);
}
