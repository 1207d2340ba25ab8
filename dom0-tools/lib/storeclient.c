/* SPDX-License-Identifier: MIT */
/* What can be asked of the store: one function per request of public/io/xs_wire.h. */
#include "lib/storeconn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct part text(const char *s)
{
    return (struct part){s, strlen(s) + 1};
}

char *store_read(struct parador_handle *h, store_tx tx, const char *path, size_t *length)
{
    struct part parts[] = {text(path)};
    struct store_message *reply = store_request(h, XS_READ, tx, parts, 1);
    char *value;

    if (!reply) {
        parador_fail_in(h, "cannot read %s", path);
        return NULL;
    }
    if (length)
        *length = reply->length;
    value = malloc(reply->length + 1);
    if (value)
        memcpy(value, reply->body, reply->length + 1);
    else
        parador_fail(h, ENOMEM, "out of memory");
    free(reply);
    return value;
}

char *store_readf(struct parador_handle *h, store_tx tx, const char *format, ...)
{
    char path[XENSTORE_ABS_PATH_MAX + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    return store_read(h, tx, path, NULL);
}

int store_write(struct parador_handle *h, store_tx tx, const char *path, const void *value,
                size_t length)
{
    struct part parts[] = {text(path), {value, length}};

    return store_command(h, XS_WRITE, tx, parts, 2, "write", path);
}

int store_writef(struct parador_handle *h, store_tx tx, const char *path, const char *format, ...)
{
    char value[XENSTORE_PAYLOAD_MAX];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(value))
        return parador_fail(h, E2BIG, "the value for %s is too long", path);
    return store_write(h, tx, path, value, (size_t)length);
}

int store_mkdir(struct parador_handle *h, store_tx tx, const char *path)
{
    struct part parts[] = {text(path)};

    return store_command(h, XS_MKDIR, tx, parts, 1, "make", path);
}

int store_remove(struct parador_handle *h, store_tx tx, const char *path)
{
    struct part parts[] = {text(path)};

    if (store_command(h, XS_RM, tx, parts, 1, "remove", path) < 0)
        return errno == ENOENT ? 0 : -1;
    return 0;
}

/* Grows *names by the NUL-terminated strings of body. */
static int add_names(char **names, size_t *size, const char *body, size_t length)
{
    char *grown = realloc(*names, *size + length + 1);

    if (!grown)
        return -1;
    memcpy(grown + *size, body, length);
    *names = grown;
    *size += length;
    return 0;
}

/* All names of a directory that does not fit one reply; restarts when it changed between parts. */
static int directory_parts(struct parador_handle *h, store_tx tx, const char *path, char **names,
                           size_t *size)
{
    char generation[32] = "";

    *size = 0;
    for (;;) {
        char offset[24];
        struct part parts[] = {text(path), {offset, 0}};
        struct store_message *reply;
        size_t skip, length;
        bool last;

        parts[1].size = (size_t)snprintf(offset, sizeof(offset), "%zu", *size) + 1;
        reply = store_request(h, XS_DIRECTORY_PART, tx, parts, 2);
        if (!reply)
            return -1;
        skip = strlen(reply->body) + 1;
        if (skip > reply->length || skip > sizeof(generation)) {
            free(reply);
            return parador_fail(h, EPROTO, "the store sent a bad directory");
        }
        if (*size && strcmp(generation, reply->body) != 0) {
            *size = 0;
            free(reply);
            continue;
        }
        memcpy(generation, reply->body, skip);
        length = reply->length - skip;
        /* An empty name ends the list. */
        last = length == 0 || (length == 1 && reply->body[skip] == '\0') ||
               (length > 1 && reply->body[skip + length - 1] == '\0' &&
                reply->body[skip + length - 2] == '\0');
        if (last && length)
            length--;
        if (add_names(names, size, reply->body + skip, length) < 0) {
            free(reply);
            return parador_fail(h, ENOMEM, "out of memory");
        }
        free(reply);
        if (last)
            return 0;
    }
}

/* One block: the array of pointers, then the strings. */
static char **split_names(const char *names, size_t size, size_t *count)
{
    size_t i, n = 0;
    char **list, *strings;

    for (i = 0; i < size; i++)
        n += names[i] == '\0';
    list = malloc((n + 1) * sizeof(*list) + size + 1);
    if (!list)
        return NULL;
    strings = (char *)(list + n + 1);
    if (size)
        memcpy(strings, names, size);
    strings[size] = '\0';
    for (i = 0; i < n; i++) {
        list[i] = strings;
        strings += strlen(strings) + 1;
    }
    list[n] = NULL;
    *count = n;
    return list;
}

char **store_directory(struct parador_handle *h, store_tx tx, const char *path, size_t *count)
{
    struct part parts[] = {text(path)};
    struct store_message *reply = store_request(h, XS_DIRECTORY, tx, parts, 1);
    char **list = NULL, *names = NULL;
    size_t size = 0;

    if (reply) {
        list = split_names(reply->body, reply->length, count);
        free(reply);
    } else if (errno == E2BIG) {
        if (directory_parts(h, tx, path, &names, &size) < 0) {
            free(names);
            parador_fail_in(h, "cannot list %s", path);
            return NULL;
        }
        list = split_names(names, size, count);
        free(names);
    } else {
        parador_fail_in(h, "cannot list %s", path);
        return NULL;
    }
    if (!list)
        parador_fail(h, ENOMEM, "out of memory");
    return list;
}

void store_free_list(char **list)
{
    free(list);
}

int store_set_perms(struct parador_handle *h, store_tx tx, const char *path,
                    const struct store_perm *perms, size_t count)
{
    char body[512];
    struct part parts[] = {text(path), {body, 0}};
    size_t i, used = 0;

    for (i = 0; i < count; i++) {
        if (sizeof(body) - used < 16)
            return parador_fail(h, E2BIG, "too many permissions for %s", path);
        used += (size_t)snprintf(body + used, sizeof(body) - used, "%c%u", perms[i].access,
                                 perms[i].domid) + 1;
    }
    parts[1].size = used;
    return store_command(h, XS_SET_PERMS, tx, parts, 2, "set permissions of", path);
}

struct store_perm *store_get_perms(struct parador_handle *h, store_tx tx, const char *path,
                                   size_t *count)
{
    struct part parts[] = {text(path)};
    struct store_message *reply = store_request(h, XS_GET_PERMS, tx, parts, 1);
    struct store_perm *perms;
    const char *p, *end;
    size_t n = 0;

    if (!reply) {
        parador_fail_in(h, "cannot read permissions of %s", path);
        return NULL;
    }
    /* Each entry takes at least two characters and its NUL. */
    perms = calloc(reply->length / 2 + 1, sizeof(*perms));
    if (!perms) {
        free(reply);
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    end = reply->body + reply->length;
    for (p = reply->body; p < end && *p; p += strlen(p) + 1) {
        perms[n].access = p[0];
        perms[n].domid = (domid_t)strtoul(p + 1, NULL, 10);
        n++;
    }
    free(reply);
    *count = n;
    return perms;
}

int store_transaction_start(struct parador_handle *h, store_tx *tx)
{
    struct part parts[] = {text("")};
    struct store_message *reply = store_request(h, XS_TRANSACTION_START, STORE_NO_TX, parts, 1);

    if (!reply)
        return parador_fail_in(h, "cannot start a store transaction");
    *tx = (store_tx)strtoul(reply->body, NULL, 10);
    free(reply);
    return 0;
}

int store_transaction_end(struct parador_handle *h, store_tx tx, bool commit)
{
    struct part parts[] = {text(commit ? "T" : "F")};

    return store_command_now(h, XS_TRANSACTION_END, tx, parts, 1, "end", "a store transaction");
}

int store_watch(struct parador_handle *h, const char *path, const char *token)
{
    struct part parts[] = {text(path), text(token)};

    return store_command_now(h, XS_WATCH, STORE_NO_TX, parts, 2, "watch", path);
}

int store_unwatch(struct parador_handle *h, const char *path, const char *token)
{
    struct part parts[] = {text(path), text(token)};

    if (store_command_now(h, XS_UNWATCH, STORE_NO_TX, parts, 2, "unwatch", path) < 0)
        return -1;
    /* Events that came before the answer must not surprise a later watch. */
    store_drop_events(h, token);
    return 0;
}

int store_introduce(struct parador_handle *h, domid_t domid, uint64_t ring_mfn, uint32_t port)
{
    char id[16], mfn[24], evtchn[16];
    struct part parts[3];

    snprintf(id, sizeof(id), "%u", domid);
    snprintf(mfn, sizeof(mfn), "%llu", (unsigned long long)ring_mfn);
    snprintf(evtchn, sizeof(evtchn), "%u", port);
    parts[0] = text(id);
    parts[1] = text(mfn);
    parts[2] = text(evtchn);
    return store_command_now(h, XS_INTRODUCE, STORE_NO_TX, parts, 3,
                             "introduce to the store domain", id);
}

int store_release(struct parador_handle *h, domid_t domid)
{
    char id[16];
    struct part parts[1];

    snprintf(id, sizeof(id), "%u", domid);
    parts[0] = text(id);
    return store_command_now(h, XS_RELEASE, STORE_NO_TX, parts, 1,
                             "release from the store domain", id);
}
