/* SPDX-License-Identifier: MIT */
/* What makes a process a daemon: background, one instance, a log. */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/loop.h"

static const char *prog = "daemon";
static bool to_syslog;
static int ready_pipe = -1;
static volatile sig_atomic_t stopping;

void process_name(const char *name)
{
    prog = name;
}

static void vnote(int priority, const char *fmt, va_list ap)
{
    if (to_syslog) {
        vsyslog(priority, fmt, ap);
        return;
    }
    fprintf(stderr, "%s: ", prog);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void note(int priority, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vnote(priority, fmt, ap);
    va_end(ap);
}

void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vnote(LOG_CRIT, fmt, ap);
    va_end(ap);
    exit(1);
}

void process_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        die("cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB))
        die("another instance is running (%s is locked)", path);
    if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0)
        die("cannot write %s: %s", path, strerror(errno));
    /* The descriptor stays open for as long as we live: it is the lock. */
}

void process_background(void)
{
    int p[2], null;
    char c;
    pid_t pid;

    if (pipe2(p, O_CLOEXEC))
        die("pipe: %s", strerror(errno));
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid) {
        ssize_t n;

        close(p[1]);
        do
            n = read(p[0], &c, 1);
        while (n < 0 && errno == EINTR);
        _exit(n == 1 ? 0 : 1);
    }
    close(p[0]);
    ready_pipe = p[1];
    setsid();
    if (chdir("/"))
        die("chdir: %s", strerror(errno));
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        die("cannot open /dev/null: %s", strerror(errno));
    dup2(null, 0);
    dup2(null, 1);
}

static void tell_ready(void)
{
    if (ready_pipe < 0)
        return;
    openlog(prog, LOG_PID, LOG_DAEMON);
    to_syslog = true;
    dup2(1, 2);
    if (write(ready_pipe, "", 1) != 1)
        note(LOG_WARNING, "whoever started us is gone");
    close(ready_pipe);
    ready_pipe = -1;
}

int process_mkdirs(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof(part))
        return -ENAMETOOLONG;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static void on_stop(int sig)
{
    (void)sig;
    stopping = 1;
}

void process_catch_signals(void)
{
    struct sigaction stop = { .sa_handler = on_stop }, ignore = { .sa_handler = SIG_IGN };

    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGHUP, &ignore, NULL);
}

void process_serve(int (*round)(void), void (*ready)(void))
{
    int timeout = round();

    tell_ready();
    if (ready)
        ready();
    while (!stopping) {
        loop_wait(timeout);
        timeout = round();
    }
}
