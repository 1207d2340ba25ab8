/* SPDX-License-Identifier: MIT */
/* Points in time as people write them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "meter/report.h"

#define LONGEST_S (INT64_C(100) * 366 * 86400)

/* "1h30m" in nanoseconds; 0: it is none. */
static int64_t duration(const char *text)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
    int64_t total = 0;

    while (*text != '\0') {
        const char *unit;
        int64_t n = 0;

        if (!isdigit((unsigned char)*text))
            return 0;
        for (; isdigit((unsigned char)*text); text++)
            if (n < LONGEST_S)
                n = n * 10 + (*text - '0');
        unit = *text != '\0' ? strchr(units, *text) : NULL;
        if (unit == NULL || n > LONGEST_S / seconds[unit - units])
            return 0;
        total += n * seconds[unit - units];
        if (total > LONGEST_S)
            return 0;
        text++;
    }
    return total * NS_PER_S;
}

/* "Z", "+01:00", "+0100", "+01" or nothing, which is local time; false: none of these. */
static bool zone(const char *text, struct tm *tm, int64_t *seconds)
{
    int sign = *text == '-' ? -1 : 1;
    const char *p = text + 1;
    int part[2] = { 0 };

    tm->tm_isdst = -1;
    if (*text == '\0') {
        *seconds = mktime(tm);
        return true;
    }
    *seconds = timegm(tm);
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    if (*text != '+' && *text != '-')
        return false;
    for (int i = 0; i < 2 && *p != '\0'; i++) {
        if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
            return false;
        part[i] = (p[0] - '0') * 10 + (p[1] - '0');
        p += 2;
        p += i == 0 && *p == ':';
    }
    *seconds -= sign * (part[0] * 3600 + part[1] * 60);
    return *p == '\0' && p > text + 1 && part[0] < 24 && part[1] < 60;
}

static bool absolute(const char *text, int64_t *ns)
{
    static const char *const formats[] = {
        "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d",
    };
    int64_t seconds = 0;

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct tm tm = { 0 };
        const char *end = strptime(text, formats[i], &tm);

        if (end == NULL)
            continue;
        /* Fractions of a second, as our own output has them, don't matter here. */
        if (i < 2 && *end == '.')
            end += 1 + strspn(end + 1, "0123456789");
        if (!zone(end, &tm, &seconds) || seconds < 0 || seconds > INT64_MAX / NS_PER_S - 1)
            continue;
        *ns = seconds * NS_PER_S;
        return true;
    }
    return false;
}

const char *since_parse(const char *text, int64_t now, int64_t *since)
{
    int64_t before = duration(text);

    if (before > 0) {
        *since = now > before ? now - before : 0;
        return NULL;
    }
    if (!absolute(text, since))
        return "it is neither a time (2026-01-31T12:00:00Z) nor how long ago (90s, 10m, 2h, 1d)";
    return *since > now ? "it is in the future" : NULL;
}
