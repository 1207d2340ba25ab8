/* SPDX-License-Identifier: MIT */
/*
 * Writing one family of metrics after the other, in either text format. Facts: Prometheus'
 * "Exposition formats" and the OpenMetrics 1.0 specification, which differ in where a counter's
 * name has its _total, in what is an "info", and in the end.
 */
#ifndef METER_EXPOSITION_H
#define METER_EXPOSITION_H

#include <stdint.h>
#include <stdio.h>

#include "meter/metrics.h"

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_INFO };

struct exposition {
    FILE *out;
    enum metrics_format format;
    enum family_type type;     /* of the family that is being written */
    char name[96];
    unsigned labels;           /* of the sample */
};

/** Begins a family. name: without _total and _info; unit: its last word, or NULL. */
void family_begin(struct exposition *e, const char *name, enum family_type type, const char *unit,
                  const char *help);

/** Begins a sample of it; then any number of labels, then one value. */
void sample_begin(struct exposition *e);
/** Values are escaped; what is not UTF-8 becomes '?'. */
void sample_label(struct exposition *e, const char *label, const char *value);
void sample_number(struct exposition *e, const char *label, uint64_t value);
void sample_value(struct exposition *e, uint64_t value);
/** Nanoseconds as seconds, all nine digits. */
void sample_seconds(struct exposition *e, uint64_t ns);
void sample_real(struct exposition *e, double value);

void exposition_end(struct exposition *e);

#endif
