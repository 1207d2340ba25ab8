/* SPDX-License-Identifier: MIT */
/* A log file that is rotated when it has grown. */
#ifndef CONSOLE_LOGFILE_H
#define CONSOLE_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>

struct logfile {
    int fd;                     /* -1: not open */
    char *path;
    size_t size;
    bool complained;            /* that it cannot be written; said once until it can again */
};

/* Where logs are, how large each may grow and how many old ones (NAME.1 is the newest) are kept. */
void logfile_setup(const char *dir, size_t max_size, unsigned keep);

/*
 * Open DIR/<prefix><name>.log for appending; characters of `name` that do not suit a file name
 * become '_'. Failing is no reason to stop: it is said in the daemon's log, and tried again with
 * every write.
 */
void logfile_open(struct logfile *l, const char *prefix, const char *name);

/* Append, rotating first if the file would grow too large. */
void logfile_write(struct logfile *l, const char *data, size_t len);

/* Close. */
void logfile_close(struct logfile *l);

#endif
