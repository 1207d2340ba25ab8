/* SPDX-License-Identifier: MIT */
/* A file of JSON records, one a line, that only grows, until it is rotated. */
#ifndef METER_LEDGER_H
#define METER_LEDGER_H

#include <jansson.h>
#include <limits.h>

struct ledger {
    char path[PATH_MAX];
    int fd;                    /* -1: only for reading, or not open yet */
    size_t limit;              /* bytes after which the file becomes PATH.1, that PATH.2 … */
    unsigned kept;             /* … up to this number */
    /* NULL, or what moves the records of `from` into PATH.kept, where others would replace it. */
    int (*merge)(const char *from, const char *into);
};

/** The directory of the records: /var/log/parador, or $PARADOR_LOG_DIR. */
const char *ledger_directory(void);

/** Names the file; nothing is opened. Old files replace each other: merge is NULL. */
void ledger_init(struct ledger *l, const char *directory, const char *name, size_t limit,
                 unsigned kept);

/**
 * Appends a record: all of it, or nothing is left of it. Half a line that a crash of the machine has
 * left at the end is cut off first. For one process at a time. While old records cannot be merged, as on
 * a disk that is full, the file grows up to twice its limit. 0, or a negative errno.
 */
int ledger_append(struct ledger *l, const json_t *record);

/**
 * Calls each() with every record, from the oldest on; lines that are no JSON are passed over. A
 * rotation meanwhile may make records come twice, never none. 0 or a negative errno; a ledger that
 * does not exist is empty.
 */
int ledger_each(const struct ledger *l, void (*each)(const json_t *record, void *arg), void *arg);

void ledger_close(struct ledger *l);

#endif
