/* SPDX-License-Identifier: MIT */
/* The accounts as text for Prometheus. */
#ifndef METER_METRICS_H
#define METER_METRICS_H

#include <stdio.h>

#include "lib/parador.h"

enum metrics_format {
    METRICS_PROMETHEUS,        /* text format 0.0.4: node_exporter's text files, promtool */
    METRICS_OPENMETRICS,       /* OpenMetrics 1.0 */
};

/** The Content-Type of a format in HTTP. */
const char *metrics_content_type(enum metrics_format format);

/**
 * Reads all accounts and renders them; *text is malloc'd. -1 with the sentence in h. On a hypervisor
 * without accounts there is only what any Xen tells.
 */
int metrics_make(struct parador_handle *h, enum metrics_format format, char **text, size_t *size);

#endif
