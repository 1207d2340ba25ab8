/* SPDX-License-Identifier: MIT */
/* Clocks of the platform: PM timer, HPET and PIT to measure others by, and the CMOS clock. */
#ifndef HW_CLOCK_H
#define HW_CLOCK_H

#include <stdint.h>

struct clock {
    const char *name;
    uint64_t hz;
    uint64_t mask;             /* of the bits that count */
    uint64_t (*read)(void);
    void (*start)(void);       /* before each use, for one that does not run by itself; else NULL */
};

/* The best one of this machine. ACPI tables read. */
const struct clock *clock_reference(void);
/* Waits by the PIT. */
void clock_pit_delay(unsigned us);
/* The CMOS clock, taken as UTC: nanoseconds since 1970. */
uint64_t rtc_read_ns(void);
/* Seconds from 1970 to a date and time of the Gregorian calendar; month and day count from 1. */
int64_t rtc_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                    unsigned second);

#endif
