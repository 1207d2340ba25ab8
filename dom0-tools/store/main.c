/* SPDX-License-Identifier: MIT */
/* paradorstored: the store daemon. Options, the listening socket, and the order of a round. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/loop.h"
#include "daemon/process.h"
#include "store/change.h"
#include "store/conn.h"
#include "store/domains.h"
#include "store/journal.h"
#include "store/record.h"
#include "store/tree.h"

/* Descriptors: enough for any number of clients that dom0 could run. */
#define MAX_FILES 65536

/* How long no connection is accepted after descriptors ran out. */
#define ACCEPT_PAUSE_MS 100

struct options {
    const char *socket, *journal, *pidfile;
    bool foreground, domains;
};

static struct loop_fd listener;
static uint64_t accept_again;   /* loop_now() at which the listener is watched again; 0: it is */

static const char usage[] =
    "usage: paradorstored [OPTION]...\n"
    "The store daemon: serves the xenstore protocol to dom0's programs and to domains.\n"
    "\n"
    "  -F, --foreground     stay in the foreground and log to standard error\n"
    "      --socket PATH    listen here (/run/xenstored/socket)\n"
    "      --journal PATH   keep the state that outlives the daemon here\n"
    "                       (/run/xenstored/journal); \"none\" keeps none\n"
    "      --pid-file PATH  (/run/xenstored/pid)\n"
    "      --no-domains     serve only the socket; works without a hypervisor\n"
    "  -h, --help           this text\n";

static void parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longopts[] = {
        { "foreground", no_argument, NULL, 'F' }, { "socket", required_argument, NULL, 's' },
        { "journal", required_argument, NULL, 'j' }, { "pid-file", required_argument, NULL, 'p' },
        { "no-domains", no_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "Fh", longopts, NULL)) != -1) {
        switch (c) {
        case 'F':
            o->foreground = true;
            break;
        case 's':
            o->socket = optarg;
            break;
        case 'j':
            o->journal = optarg;
            break;
        case 'p':
            o->pidfile = optarg;
            break;
        case 'n':
            o->domains = false;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind != argc) {
        fputs(usage, stderr);
        exit(2);
    }
}

static void on_connect(struct loop_fd *self, uint32_t events)
{
    int fd = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)events;
    if (fd >= 0) {
        conn_open_socket(fd);
        return;
    }
    if (errno == EMFILE || errno == ENFILE) {
        /* The waiting connection stays; without a pause it would wake us again at once. */
        note(LOG_ERR, "no descriptor left for a new connection");
        loop_want(self, 0);
        accept_again = loop_now() + ACCEPT_PAUSE_MS;
    }
}

static void make_directory_of(const char *path)
{
    char *dir = strdup(path), *slash = strrchr(dir, '/');
    int err;

    if (slash && slash != dir) {
        *slash = '\0';
        err = process_mkdirs(dir);
        if (err)
            die("cannot make %s: %s", dir, strerror(-err));
    }
    free(dir);
}

static void listen_at(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    mode_t mask;

    if (strlen(path) >= sizeof(addr.sun_path))
        die("the socket's path is too long: %s", path);
    strcpy(addr.sun_path, path);
    listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener.fd < 0)
        die("cannot make a socket: %s", strerror(errno));
    /* The pid file's lock says that nobody else serves it. */
    unlink(path);
    mask = umask(0177);
    if (bind(listener.fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener.fd, 128))
        die("cannot listen on %s: %s", path, strerror(errno));
    umask(mask);
    listener.ready = on_connect;
    if (loop_add(&listener, EPOLLIN))
        die("cannot watch the socket");
}

/* What a new store begins with: what clients expect to find without any toolstack having run. */
static void populate(bool domains)
{
    static const struct {
        const char *path, *value;
        bool domains;
    } first[] = {
        { "/tool/xenstored", "", false },
        { "/local/domain/0/domid", "0", true },
        { "/local/domain/0/name", "Domain-0", true },
        { "/local/pool/0/name", "Pool-0", true },
    };

    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        struct change c = {
            .type = CHANGE_WRITE, .path = first[i].path,
            .value = first[i].value, .len = strlen(first[i].value),
        };

        if (first[i].domains <= domains && !tree_find(c.path))
            change_apply(&c);
    }
}

static void start(const struct options *o)
{
    struct rlimit files = { MAX_FILES, MAX_FILES };
    int err;

    setrlimit(RLIMIT_NOFILE, &files);
    process_catch_signals();
    loop_init();
    make_directory_of(o->pidfile);
    process_lock(o->pidfile);
    if (strcmp(o->journal, "none")) {
        make_directory_of(o->journal);
        journal_path(o->journal);
    }
    tree_init();
    err = o->domains ? domains_start() : 0;
    if (err)
        die("cannot reach the hypervisor: %s", strerror(-err));
    if (record_load())
        note(LOG_NOTICE, "continuing with %zu nodes", tree_count());
    populate(o->domains);
    record_rewrite();
    domains_reconnect();
    make_directory_of(o->socket);
    listen_at(o->socket);
}

static int sooner(int ms, int other_ms)
{
    return ms < 0 || (other_ms >= 0 && other_ms < ms) ? other_ms : ms;
}

static int timeout(void)
{
    return sooner(sooner(conn_timeout(), journal_timeout()), accept_again ? ACCEPT_PAUSE_MS : -1);
}

static int round_once(void)
{
    conn_run();
    journal_commit();
    conn_publish();
    if (journal_is_long())
        record_rewrite();
    if (accept_again && loop_now() >= accept_again) {
        accept_again = 0;
        loop_want(&listener, EPOLLIN);
    }
    return timeout();
}

int main(int argc, char **argv)
{
    struct options o = {
        .socket = "/run/xenstored/socket",
        .journal = "/run/xenstored/journal",
        .pidfile = "/run/xenstored/pid",
        .domains = true,
    };

    process_name("paradorstored");
    parse_options(argc, argv, &o);
    if (!o.foreground)
        process_background();
    start(&o);
    process_serve(round_once, NULL);
    journal_commit();
    if (journal_timeout() >= 0)
        record_rewrite();
    return 0;
}
