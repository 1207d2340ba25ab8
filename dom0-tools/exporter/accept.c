/* SPDX-License-Identifier: MIT */
/* Which format a client prefers. */
#include "exporter/accept.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* The q among the parameters of one entry, which ends at a comma; 1 if there is none. */
static double entry_quality(const char *entry)
{
    const char *end = entry + strcspn(entry, ",");

    for (const char *p = entry; (p = memchr(p, ';', (size_t)(end - p))) != NULL;) {
        p = skip_blanks(p + 1);
        if (strncasecmp(p, "q=", 2) == 0)
            return strtod(p + 2, NULL);
    }
    return 1;
}

/* The highest q that a type is listed with; false: it isn't. */
static bool quality(const char *accept, const char *type, double *q)
{
    size_t len = strlen(type);
    bool found = false;

    for (const char *entry = skip_blanks(accept); *entry != '\0';) {
        double this_q = entry_quality(entry);

        if (strncasecmp(entry, type, len) == 0 && strchr(" \t;,", entry[len]) != NULL &&
            (!found || this_q > *q)) {
            *q = this_q;
            found = true;
        }
        entry += strcspn(entry, ",");
        entry = skip_blanks(entry + (*entry == ','));
    }
    return found;
}

enum metrics_format accept_format(const char *accept)
{
    double open = 0, plain = 0;

    if (accept == NULL || !quality(accept, "application/openmetrics-text", &open))
        return METRICS_PROMETHEUS;
    /* The more a type says, the more it counts. */
    if (!quality(accept, "text/plain", &plain) && !quality(accept, "text/*", &plain))
        quality(accept, "*/*", &plain);
    return open > 0 && open >= plain ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}
