/* SPDX-License-Identifier: MIT */
/* What makes a process a daemon: background, one instance, a log. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdbool.h>

/*
 * Log to stderr; after process_background() to syslog under this name. `priority` is one of
 * syslog(3).
 */
void process_name(const char *name);
void note(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Log an error that the daemon cannot survive and end with status 1. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/*
 * Take the lock file `path` and write our process id into it; dies when another instance holds it.
 * The lock is released by the kernel, however we end.
 */
void process_lock(const char *path);

/*
 * Fork into the background. The parent stays until process_ready(), and ends with 1 if the child
 * dies before, so that whoever starts the daemon may use it at once. Call before process_lock().
 */
void process_background(void);

/* Tell whoever started us that requests are now served. */
void process_ready(void);

/*
 * Create a directory and its parents, mode 0755; existing ones are fine. Returns 0 or a negative
 * errno.
 */
int process_mkdirs(const char *path);

/* Ask for SIGTERM and SIGINT to set a flag; true once one came. SIGPIPE and SIGHUP are ignored. */
void process_catch_signals(void);
bool process_stopping(void);

#endif
