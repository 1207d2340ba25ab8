/* SPDX-License-Identifier: MIT */
/*
 * /parador/names/<name> holds the domid. An entry counts only if that domain's own name node
 * agrees, so an entry that was left behind does no harm. Domains that others named are found by a
 * scan.
 */
#include "guest/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEX "/parador/names/"

/* A store path may hold letters, digits and -/_@ only: others become _hh, and _ itself __. */
static void index_path(const char *name, char *path, size_t size)
{
    size_t used = (size_t)snprintf(path, size, INDEX);

    for (; *name && used + 4 < size; name++) {
        unsigned char c = (unsigned char)*name;

        if (isalnum(c) || c == '-')
            path[used++] = (char)c;
        else if (c == '_')
            used += (size_t)sprintf(path + used, "__");
        else
            used += (size_t)sprintf(path + used, "_%02x", c);
    }
    path[used] = '\0';
}

#define INDEX_PATH_MAX (sizeof(INDEX) + 3 * GUEST_NAME_MAX + 4)

int name_check(struct parador_handle *h, const char *name)
{
    if (!name || !*name)
        return parador_fail(h, EINVAL, "the guest has no name");
    if (strlen(name) > GUEST_NAME_MAX)
        return parador_fail(h, EINVAL, "the name is longer than %d bytes", GUEST_NAME_MAX);
    if (!name_is_plain(name))
        return parador_fail(h, EINVAL, "the name \"%s\" contains a character it must not", name);
    return 0;
}

/* Whether domid's own name node says name. */
static bool is_named(struct parador_handle *h, store_tx tx, unsigned long domid, const char *name)
{
    char path[48];
    char *value;
    bool same;

    snprintf(path, sizeof(path), "/local/domain/%lu/name", domid);
    value = store_read(h, tx, path, NULL);
    same = value && strcmp(value, name) == 0;
    free(value);
    return same;
}

/* Reads the names of all domains but those that the index knows. */
static long scan(struct parador_handle *h, store_tx tx, const char *name)
{
    size_t count, i;
    char **ids = store_directory(h, tx, "/local/domain", &count);
    long found = -1;

    for (i = 0; ids && i < count && found < 0; i++) {
        unsigned long domid = strtoul(ids[i], NULL, 10);

        if (is_named(h, tx, domid, name))
            found = (long)domid;
    }
    store_free_list(ids);
    if (found < 0)
        errno = ESRCH;
    return found;
}

long name_lookup_indexed(struct parador_handle *h, store_tx tx, const char *name)
{
    char path[INDEX_PATH_MAX];
    unsigned long domid;
    char *value;

    index_path(name, path, sizeof(path));
    value = store_read(h, tx, path, NULL);
    if (!value)
        return -1;
    domid = strtoul(value, NULL, 10);
    free(value);
    return is_named(h, tx, domid, name) ? (long)domid : -1;
}

long name_lookup(struct parador_handle *h, store_tx tx, const char *name)
{
    long domid = name_lookup_indexed(h, tx, name);

    return domid >= 0 ? domid : scan(h, tx, name);
}

int name_claim(struct parador_handle *h, store_tx tx, const char *name, domid_t domid)
{
    char path[INDEX_PATH_MAX];
    long holder = name_lookup_indexed(h, tx, name);

    /* Nobody has entered dom0, which the store daemon names. */
    if (holder < 0 && is_named(h, tx, 0, name))
        holder = 0;
    if (holder >= 0 && holder != domid)
        return parador_fail(h, EEXIST, "there is a guest called \"%s\" already (domain %ld)", name,
                            holder);
    index_path(name, path, sizeof(path));
    return store_writef(h, tx, path, "%u", domid);
}

void name_drop(struct parador_handle *h, store_tx tx, const char *name, domid_t domid)
{
    char path[INDEX_PATH_MAX];
    char *value;

    index_path(name, path, sizeof(path));
    value = store_read(h, tx, path, NULL);
    if (value && strtoul(value, NULL, 10) == domid)
        store_remove(h, tx, path);
    free(value);
}
