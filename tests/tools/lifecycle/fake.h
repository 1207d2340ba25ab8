/* SPDX-License-Identifier: MIT */
/* A machine of paper, in memory that outlives the process that uses it. */
#ifndef TESTS_LIFECYCLE_FAKE_H
#define TESTS_LIFECYCLE_FAKE_H

#include "lib/parador.h"

#define FAKE_DOMAINS 64

struct fake_domain {
    bool there, paused, shutdown, devices;
    unsigned reason;
    uint8_t uuid[16];
    char name[128];
};

struct fake {
    struct fake_domain domains[FAKE_DOMAINS];
    unsigned next;             /* number of the next domain; 0: the lowest that is free */
    long long start_time;
    bool create_fails;
    bool no_console;           /* the console daemon has not attached to the guests */
    unsigned die_at;           /* the process ends in this many steps; 0: never */
};
extern struct fake *fake;

/** A new machine without domains. */
void fake_reset(void);

#endif
