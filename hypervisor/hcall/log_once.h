/* SPDX-License-Identifier: MIT */
/* Reporting a call we do not implement: once per number, so a guest cannot fill the log. */
#ifndef HCALL_LOG_ONCE_H
#define HCALL_LOG_ONCE_H

#include "hw/console.h"
#include "lib/bitmap.h"

/* `seen` has a bit for nr. */
#define log_once(seen, nr, fmt, ...) \
    do { \
        if (!bitmap_test_set_atomic((seen), (nr))) \
            gprintk(LOG_INFO, fmt "\n", ##__VA_ARGS__); \
    } while (0)

#endif
