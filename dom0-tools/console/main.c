/* SPDX-License-Identifier: MIT */
/* paradorconsoled: the console daemon. Options, and the order of a round. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>

#include "console/guests.h"
#include "console/hvlog.h"
#include "console/logfile.h"
#include "console/session.h"
#include "daemon/loop.h"
#include "daemon/process.h"
#include "daemon/xenif.h"

/* Four descriptors per guest: terminal (two), log, and a reserve. */
#define MAX_FILES 65536

struct options {
    const char *log_dir, *run_dir;
    size_t log_size;
    unsigned log_keep;
    bool foreground, hypervisor;
};

static const char usage[] =
    "usage: paradorconsoled [OPTION]...\n"
    "The console daemon: gives each guest's console a terminal and a log file.\n"
    "\n"
    "  -F, --foreground         stay in the foreground and log to standard error\n"
    "      --log-dir DIR        guest-NAME.log and hypervisor.log go here (/var/log/parador)\n"
    "      --log-size KIB       a log is rotated before it grows over this (1024)\n"
    "      --log-keep N         rotated logs kept of each, NAME.log.1 the newest (4)\n"
    "      --no-hypervisor-log  do not copy the hypervisor's own console\n"
    "      --run-dir DIR        pid file and state (/run/paradorconsoled)\n"
    "  -h, --help               this text\n";

static unsigned long number(const char *s, unsigned long max)
{
    char *end;
    unsigned long n = strtoul(s, &end, 10);

    if (*s < '0' || *s > '9' || *end || n > max)
        die("not a number up to %lu: %s", max, s);
    return n;
}

static void parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longopts[] = {
        { "foreground", no_argument, NULL, 'F' }, { "log-dir", required_argument, NULL, 'd' },
        { "log-size", required_argument, NULL, 's' }, { "log-keep", required_argument, NULL, 'k' },
        { "no-hypervisor-log", no_argument, NULL, 'n' },
        { "run-dir", required_argument, NULL, 'r' }, { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "Fh", longopts, NULL)) != -1) {
        switch (c) {
        case 'F':
            o->foreground = true;
            break;
        case 'd':
            o->log_dir = optarg;
            break;
        case 's':
            o->log_size = number(optarg, 1 << 30) * 1024;
            break;
        case 'k':
            o->log_keep = number(optarg, 1000);
            break;
        case 'n':
            o->hypervisor = false;
            break;
        case 'r':
            o->run_dir = optarg;
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

static void start(const struct options *o)
{
    struct rlimit files = { MAX_FILES, MAX_FILES };
    char path[512];
    int err;

    setrlimit(RLIMIT_NOFILE, &files);
    process_catch_signals();
    loop_init();
    err = process_mkdirs(o->run_dir);
    if (err)
        die("cannot make %s: %s", o->run_dir, strerror(-err));
    /* Consoles without logs are better than none. */
    err = process_mkdirs(o->log_dir);
    if (err)
        note(LOG_WARNING, "no logs are kept: cannot make %s: %s", o->log_dir, strerror(-err));
    snprintf(path, sizeof(path), "%s/pid", o->run_dir);
    process_lock(path);
    logfile_setup(o->log_dir, o->log_size, o->log_keep);
    err = xenif_open();
    if (!err)
        err = guests_start();
    if (err)
        die("cannot reach the hypervisor: %s", strerror(-err));
    if (o->hypervisor) {
        snprintf(path, sizeof(path), "%s/hypervisor-position", o->run_dir);
        hvlog_start(path);
    }
    session_start();
}

/* The nearest of the deadlines; -1 if there is none. */
static int timeout(void)
{
    const int each[] = { guests_timeout(), hvlog_timeout(), session_timeout() };
    int ms = -1;

    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
        if (each[i] >= 0 && (ms < 0 || each[i] < ms))
            ms = each[i];
    return ms;
}

static int round_once(void)
{
    guests_tick();
    hvlog_tick();
    session_tick();
    return timeout();
}

int main(int argc, char **argv)
{
    struct options o = {
        .log_dir = "/var/log/parador",
        .run_dir = "/run/paradorconsoled",
        .log_size = 1 << 20,
        .log_keep = 4,
        .hypervisor = true,
    };

    process_name("paradorconsoled");
    parse_options(argc, argv, &o);
    if (!o.foreground)
        process_background();
    start(&o);
    process_serve(round_once, NULL);
    return 0;
}
