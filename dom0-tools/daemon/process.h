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
 * Fork into the background. The parent stays until process_serve() has begun, and ends with 1 if the child
 * dies before, so that whoever starts the daemon may use it at once. Call before process_lock().
 */
void process_background(void);

/*
 * What a daemon does from its start to its end: rounds, until a signal asks it to stop. A round does
 * what is due and returns how many ms to wait at most for the loop's next event, -1 for ever. After
 * the first one whoever started us is told that requests are served, and `ready`, if any, is called.
 */
void process_serve(int (*round)(void), void (*ready)(void));

/*
 * Create a directory and its parents, mode 0755; existing ones are fine. Returns 0 or a negative
 * errno.
 */
int process_mkdirs(const char *path);

/* Let SIGTERM and SIGINT end process_serve(). SIGPIPE and SIGHUP are ignored. */
void process_catch_signals(void);

#endif
