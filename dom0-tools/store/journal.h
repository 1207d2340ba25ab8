/* SPDX-License-Identifier: MIT */
/* The file that outlives the daemon: batches of records, appended, and rewritten when it grows. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stddef.h>
#include <stdbool.h>

/* Where the journal is kept; NULL for none. Call before anything else. */
void journal_path(const char *path);

/*
 * Call `apply` for every record of an earlier run since the machine was booted. Returns false if
 * there is none. A batch that was not written completely, and what follows it, does not count.
 */
bool journal_load(void (*apply)(const char *record, size_t len));

/* Put a record into the current batch. */
void journal_add(const void *record, size_t len);

/*
 * Write the current batch to the file. When this returns, a death of the daemon loses nothing of
 * it. If the file cannot be written the daemon goes on, says so, and tries again.
 */
void journal_commit(void);

/*
 * Write a new file that holds what `dump` adds by journal_add(), and put it in place of the old one
 * if that succeeds. `dump` must describe the present state as a whole: the current batch is dropped
 * as part of it.
 */
void journal_rewrite(void (*dump)(void));

/* Milliseconds until a rewrite that must be is to be tried (again); -1: none must. */
int journal_timeout(void);

/* Whether the file has grown so much that rewriting it is worth the time. */
bool journal_is_long(void);

#endif
