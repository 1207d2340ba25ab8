/* SPDX-License-Identifier: MIT */
/* Our connection to the store, made again whenever the store daemon was restarted. */
#include "console/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "console/guests.h"
#include "daemon/loop.h"
#include "daemon/process.h"
#include "lib/parador.h"

#define RETRY_MS 200

static struct parador_handle *handle;
static struct loop_fd io = { .fd = -1 };
static ino_t identity;          /* of the connection that has our watches */
static uint64_t retry_at;       /* 0: connected */
static bool complained;

bool session_up(void)
{
    return !retry_at;
}

/* The library dropped the connection, or we could not make one. */
static void lost(void)
{
    if (retry_at)
        return;
    if (io.fd >= 0)
        loop_remove(&io);
    io.fd = -1;
    parador_close(handle);
    handle = NULL;
    retry_at = loop_now() + RETRY_MS;
}

static ino_t identify(int fd)
{
    struct stat st;

    return fd < 0 || fstat(fd, &st) ? 0 : st.st_ino;
}

/*
 * The library makes a new connection by itself when one broke, often with the old one's descriptor
 * number. It knows nothing of our watches, so find out, and start over.
 */
static void check(void)
{
    if (session_up() && identify(store_fd(handle)) != identity)
        lost();
}

static void on_ready(struct loop_fd *self, uint32_t events)
{
    /* session_tick() takes the event at the end of the round. */
    (void)self;
    (void)events;
}

static void connect_now(void)
{
    int err;

    retry_at = 0;
    handle = parador_open();
    if (!handle)
        die("out of memory");
    if (store_watch(handle, "@introduceDomain", "scan") ||
        store_watch(handle, "@releaseDomain", "scan")) {
        if (!complained)
            note(LOG_NOTICE, "waiting for the store: %s", parador_error(handle));
        complained = true;
        lost();
        return;
    }
    complained = false;
    io.fd = store_fd(handle);
    io.ready = on_ready;
    identity = identify(io.fd);
    err = loop_add(&io, EPOLLIN);
    if (err)
        die("cannot watch the store's connection: %s", strerror(-err));
    guests_rewatch();
    guests_scan();
}

void session_start(void)
{
    connect_now();
}

char *session_read(uint16_t domid, const char *entry)
{
    char *value;

    if (!session_up())
        return NULL;
    value = store_readf(handle, STORE_NO_TX, "/local/domain/%u/%s", domid, entry);
    check();
    return value;
}

void session_write(uint16_t domid, const char *entry, const char *value)
{
    char path[128], *home;

    home = session_read(domid, "console");
    if (!home)
        return;
    free(home);
    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, entry);
    if (store_write(handle, STORE_NO_TX, path, value, strlen(value)))
        note(LOG_WARNING, "cannot write %s: %s", path, parador_error(handle));
    check();
}

static void watch(uint16_t domid, int (*how)(struct parador_handle *, const char *, const char *))
{
    char path[64], token[16];

    if (!session_up())
        return;
    snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
    snprintf(token, sizeof(token), "%u", domid);
    how(handle, path, token);
    check();
}

void session_watch(uint16_t domid)
{
    watch(domid, store_watch);
}

void session_unwatch(uint16_t domid)
{
    watch(domid, store_unwatch);
}

void session_tick(void)
{
    char *path, *token;
    int n;

    if (retry_at) {
        if (loop_now() >= retry_at)
            connect_now();
        return;
    }
    while (session_up() && (n = store_event(handle, 0, &path, &token)) > 0) {
        if (!strcmp(token, "scan"))
            guests_scan();
        else
            guests_changed(atoi(token));
        free(path);
        free(token);
    }
    if (session_up() && n < 0)
        lost();
}

int session_timeout(void)
{
    uint64_t now = loop_now();

    if (!retry_at)
        return -1;
    return retry_at > now ? (int)(retry_at - now) : 0;
}
