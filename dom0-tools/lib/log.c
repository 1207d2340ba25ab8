/* SPDX-License-Identifier: MIT */
/* Log lines: formatted here, shown by whoever set the sink. */
#include "lib/internal.h"

#include <errno.h>

#include "lib/sentence.h"

void parador_set_log(struct parador_handle *h, enum parador_log_level level,
                     void (*sink)(void *context, enum parador_log_level level, const char *line),
                     void *context)
{
    h->log_level = level;
    h->log_sink = sink;
    h->log_context = context;
}

void parador_log(struct parador_handle *h, enum parador_log_level level, const char *format, ...)
{
    int saved = errno;
    char line[1024];
    va_list args;

    if (!h->log_sink || level > h->log_level)
        return;
    va_start(args, format);
    sentence_vprint(line, sizeof(line), format, args);
    va_end(args);
    h->log_sink(h->log_context, level, line);
    errno = saved;
}
