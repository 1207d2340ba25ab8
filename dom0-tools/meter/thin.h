/* SPDX-License-Identifier: MIT */
/* Old snapshots: fewer of them, so that years fit into little space. */
#ifndef METER_THIN_H
#define METER_THIN_H

#include <stdint.h>

#define THIN_LIMIT (32u << 20)  /* bytes of which the oldest are dropped */

/**
 * Adds the snapshots of the file `from` to the file `into`. There the last one of each hour stays, if
 * it is older than a week the last one of each day of dom0's time zone, and the last one of each boot;
 * once `into` has half of THIN_LIMIT, all hours go. It is replaced as a whole, `from` is left: once
 * more does no harm. now: ns since 1970. 0, or a negative errno with both as they were.
 */
int thin(const char *from, const char *into, int64_t now);

#endif
