/* SPDX-License-Identifier: MIT */
/* The terminal that a guest's console appears as, with what its reader has not taken yet. */
#ifndef CONSOLE_PTY_H
#define CONSOLE_PTY_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/loop.h"
#include "daemon/mem.h"

struct pty {
    struct loop_fd io;          /* the master side; fd -1: not open */
    int slave;                  /* kept open, so that the terminal exists without a reader */
    struct buf pending;         /* output from `sent` on */
    size_t sent;
    size_t limit;               /* of `pending`; the oldest bytes go first */
    bool want_input;
    char name[64];              /* of the slave side */
};

/*
 * Make a terminal. io.ready must be set; it is called when there is input, after pty_want_input().
 * Returns 0 or a negative errno.
 */
int pty_open(struct pty *p, size_t limit);

/* End it; readers see the end of file. */
void pty_close(struct pty *p);

/* Queue output for the reader. */
void pty_write(struct pty *p, const char *data, size_t len);

/* Hand over as much of the queue as the terminal takes; to be called from io.ready on EPOLLOUT. */
void pty_flush(struct pty *p);

/* Read what was typed. Returns the number of bytes; 0 when there is nothing. */
size_t pty_read(struct pty *p, char *data, size_t size);

/* Whether typed input is to be reported. */
void pty_want_input(struct pty *p, bool want);

/* Whether somebody may still have output to read. */
bool pty_drained(const struct pty *p);

#endif
