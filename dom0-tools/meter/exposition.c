/* SPDX-License-Identifier: MIT */
/* Writing one family of metrics after the other, in either text format. */
#include "meter/exposition.h"

#include <jansson.h>
#include <string.h>

static const char *const types[] = { "counter", "gauge", "info" };
static const char *const suffixes[] = { "_total", "", "_info" };

void family_begin(struct exposition *e, const char *name, enum family_type type, const char *unit,
                  const char *help)
{
    bool old = e->format == METRICS_PROMETHEUS;
    const char *shown = old ? suffixes[type] : "";

    snprintf(e->name, sizeof(e->name), "%s", name);
    e->type = type;
    fprintf(e->out, "# HELP %s%s %s\n", name, shown, help);
    fprintf(e->out, "# TYPE %s%s %s\n", name, shown,
            old && type == FAMILY_INFO ? "gauge" : types[type]);
    if (!old && unit != NULL)
        fprintf(e->out, "# UNIT %s %s\n", name, unit);
}

void sample_begin(struct exposition *e)
{
    fprintf(e->out, "%s%s", e->name, suffixes[e->type]);
    e->labels = 0;
}

void sample_label(struct exposition *e, const char *label, const char *value)
{
    json_t *judge = json_string(value); /* NULL: it isn't UTF-8 */

    fprintf(e->out, "%s%s=\"", e->labels++ == 0 ? "{" : ",", label);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\n')
            fputs("\\n", e->out);
        else if (*p == '"' || *p == '\\')
            fprintf(e->out, "\\%c", *p);
        else
            fputc(judge == NULL && (*p & 0x80) ? '?' : *p, e->out);
    }
    fputc('"', e->out);
    json_decref(judge);
}

void sample_number(struct exposition *e, const char *label, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    sample_label(e, label, text);
}

static const char *close_labels(struct exposition *e)
{
    return e->labels != 0 ? "} " : " ";
}

void sample_value(struct exposition *e, uint64_t value)
{
    fprintf(e->out, "%s%llu\n", close_labels(e), (unsigned long long)value);
}

void sample_seconds(struct exposition *e, uint64_t ns)
{
    fprintf(e->out, "%s%llu.%09u\n", close_labels(e), (unsigned long long)(ns / 1000000000),
            (unsigned)(ns % 1000000000));
}

void sample_real(struct exposition *e, double value)
{
    fprintf(e->out, "%s%.17g\n", close_labels(e), value);
}

void exposition_end(struct exposition *e)
{
    if (e->format == METRICS_OPENMETRICS)
        fputs("# EOF\n", e->out);
}
