/* SPDX-License-Identifier: MIT */
/* What domains used between two moments, those included that are gone since. */
#ifndef METER_REPORT_H
#define METER_REPORT_H

#include "meter/reading.h"

#define SINCE_EVER INT64_MIN

struct report {
    int64_t since, until;      /* dom0's clock, ns since 1970; exactly what the figures cover */
    struct account *rows;      /* differences; now_ns and end_wall are those of the end */
    size_t count;
    /* Of this boot alone, nanoseconds; the sum of the first four is what the CPUs have done. */
    uint64_t rows_ns;          /* running times of the rows */
    uint64_t others_ns;        /* and of domains whose final figures nobody has kept */
    uint64_t hypervisor_ns, idle_ns;
    uint64_t elapsed_ns;
    uint32_t nr_cpus;
    bool several_boots;        /* rows has domains of earlier boots, too */
    bool exact;                /* false: some begin earlier than asked, for want of a snapshot */
};

/**
 * Reads a point in time: ISO 8601 (2026-01-31, 2026-01-31T12:00, …:30Z, …+01:00; local time if
 * nothing is said), or how long before now: 90s, 10m, 2h, 1d, 2w, 1h30m. NULL, or what is wrong.
 */
const char *since_parse(const char *text, int64_t now, int64_t *since);

/**
 * Accounts since the last snapshot at or before `since`; if this boot has none so old, since it
 * began, with earlier boots as far as they are in the logs. SINCE_EVER: since this boot began. -1
 * with the sentence in h; ENOSYS where the hypervisor keeps no accounts.
 */
int report_make(struct parador_handle *h, int64_t since, bool vcpus, struct report *report);
void report_free(struct report *report);

/** Whether an argument (name, UUID or number) means this domain; numbers are of this boot. */
bool report_matches(const struct account *a, const char *guest, const char *boot);

#endif
