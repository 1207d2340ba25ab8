/* SPDX-License-Identifier: MIT */
/* paradord: the lifecycle daemon. It learns from the store that domains come and end. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "daemon/loop.h"
#include "daemon/process.h"
#include "lib/parador.h"
#include "lifecycle/accounts.h"
#include "lifecycle/ends.h"
#include "lifecycle/record.h"
#include "lifecycle/warm.h"

#define RECONNECT_MS 200
/* Who makes or ends a guest may still be at it: its work goes first, the accounts can wait. */
#define SETTLE_MS 100

/* The connection that only watches; its events never mix with those that work waits for. */
static struct parador_handle *watcher;
static struct parador_handle *worker;
static struct loop_fd watch_io = { .fd = -1 };
static bool due = true;
/* When the accounts want to be looked at; 0: now. */
static uint64_t meter_at;

static const char usage[] =
    "usage: paradord [-F | -w]\n"
    "The lifecycle daemon: does what guest files say is to happen when a guest ends.\n"
    "\n"
    "  -F, --foreground   stay in the foreground and log to standard error\n"
    "  -w, --warm         unpack the kernels of the guest files in /etc/parador into the\n"
    "                     cache, then end; the daemon does so by itself\n"
    "  -h, --help         this text\n";

static bool parse_options(int argc, char **argv)
{
    static const struct option options[] = {
        { "foreground", no_argument, NULL, 'F' }, { "warm", no_argument, NULL, 'w' },
        { "help", no_argument, NULL, 'h' }, { 0 }
    };
    bool foreground = false;
    int o;

    while ((o = getopt_long(argc, argv, "Fwh", options, NULL)) != -1) {
        if (o == 'F') {
            foreground = true;
        } else if (o == 'w') {
            exit(warm_all() == 0 ? 0 : 1);
        } else {
            fputs(usage, o == 'h' ? stdout : stderr);
            exit(o == 'h' ? 0 : 2);
        }
    }
    if (optind != argc) {
        fputs(usage, stderr);
        exit(2);
    }
    return foreground;
}

static void unwatch(void)
{
    if (watch_io.fd >= 0)
        loop_remove(&watch_io);
    watch_io.fd = -1;
    parador_close(watcher);
    watcher = NULL;
}

static void look_soon(void)
{
    uint64_t at = loop_now() + SETTLE_MS;

    if (at < meter_at)
        meter_at = at;
}

static void on_event(struct loop_fd *self, uint32_t bits)
{
    char *path, *token;
    int got;

    (void)self;
    (void)bits;
    while ((got = store_event(watcher, 0, &path, &token)) > 0) {
        if (strcmp(token, "end") == 0)
            due = true;
        look_soon();
        free(path);
        free(token);
    }
    /* The library would connect again, but without our watch. */
    if (got < 0)
        unwatch();
}

/* A watch fires once when it is set, so nothing is missed between two connections. */
static bool watch(void)
{
    static bool complained;
    int err;

    if (watcher != NULL)
        return true;
    watcher = parador_open();
    if (watcher == NULL)
        die("out of memory");
    if (store_watch(watcher, "@releaseDomain", "end") != 0 ||
        store_watch(watcher, "@introduceDomain", "begin") != 0) {
        if (!complained)
            note(LOG_NOTICE, "waiting for the store: %s", parador_error(watcher));
        complained = true;
        unwatch();
        return false;
    }
    complained = false;
    watch_io.fd = store_fd(watcher);
    watch_io.ready = on_event;
    err = loop_add(&watch_io, EPOLLIN);
    if (err != 0)
        die("cannot wait for the store: %s", strerror(-err));
    due = true;
    return true;
}

static void log_line(void *context, enum parador_log_level level, const char *line)
{
    (void)context;
    note(level == PARADOR_LOG_ERROR ? LOG_ERR : level == PARADOR_LOG_WARN ? LOG_WARNING : LOG_INFO,
         "%s", line);
}

static void look_at_accounts(void)
{
    int again = accounts_look(worker);

    meter_at = again >= 0 ? loop_now() + (unsigned)again : UINT64_MAX;
}

/* How long from now to the earlier of two times; UINT64_MAX: never. */
static int time_until(uint64_t a, uint64_t b)
{
    uint64_t at = a < b ? a : b, now = loop_now();

    if (at == UINT64_MAX)
        return -1;
    return at <= now ? 0 : at - now < INT_MAX ? (int)(at - now) : INT_MAX;
}

/* The nearer of two deadlines, of which -1 is none. */
static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Looks at the guests if there is reason to; returns how long to wait for the next one. */
static int round_once(void)
{
    static uint64_t again_at = UINT64_MAX;
    int again;

    warm_tick();
    if (!watch())
        return RECONNECT_MS;
    due = due || loop_now() >= again_at;
    if (due) {
        due = false;
        again = ends_scan(worker);
        again_at = again >= 0 ? loop_now() + (unsigned)again : UINT64_MAX;
        look_soon();
    }
    /* What devices counted that are gone by now, whoever ended them has left (device_farewell). */
    if (loop_now() >= meter_at)
        look_at_accounts();
    return sooner(time_until(again_at, meter_at), warm_timeout());
}

int main(int argc, char **argv)
{
    char path[PATH_MAX];
    bool foreground;
    int err;

    process_name("paradord");
    foreground = parse_options(argc, argv);
    if (!foreground)
        process_background();
    process_catch_signals();
    loop_init();
    err = process_mkdirs(record_directory());
    if (err != 0)
        die("cannot make %s: %s", record_directory(), strerror(-err));
    snprintf(path, sizeof(path), "%s/pid", record_directory());
    process_lock(path);
    worker = parador_open();
    if (worker == NULL)
        die("out of memory");
    parador_set_log(worker, PARADOR_LOG_WARN, log_line, NULL);
    accounts_start();
    process_serve(round_once, warm_start);
    accounts_stop(worker);
    unwatch();
    parador_close(worker);
    return 0;
}
