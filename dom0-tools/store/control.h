/* SPDX-License-Identifier: MIT */
/* The commands of XS_CONTROL, with which an administrator looks after the daemon. */
#ifndef STORE_CONTROL_H
#define STORE_CONTROL_H

#include <stdbool.h>

#include "daemon/mem.h"

/*
 * Run a command: `count` strings, the first its name. Appends the answer's text.
 * Returns 0 or a negative errno.
 */
int control_run(const char *strings, unsigned count, struct buf *answer);

/* Whether requests are to be logged. */
bool control_logging(void);

#endif
