/* SPDX-License-Identifier: MIT */
/* Which format a client prefers. */
#ifndef EXPORTER_ACCEPT_H
#define EXPORTER_ACCEPT_H

#include "meter/metrics.h"

/**
 * The format of HTTP's Accept header (NULL: there was none): OpenMetrics if it is named, and with no
 * lower q than plain text.
 */
enum metrics_format accept_format(const char *accept);

#endif
