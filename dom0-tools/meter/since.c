/* SPDX-License-Identifier: MIT */
/* Points in time as people write them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "meter/report.h"

#define LONGEST_S (INT64_C(100) * 366 * 86400)

static const char no_time[] =
    "it is neither a time (2026-01-31T12:00:00Z) nor how long ago (90s, 10m, 2h, 1d)";
static const char no_such[] = "there is no such day, time of day, or time zone";
static const char in_future[] = "it is in the future";

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

/* Two digits, as a number; -1: they are none. */
static int two_digits(const char *p)
{
    if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
        return -1;
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* Seconds that "Z", "+01:00", "+0100" or "+01" is ahead of UTC. NULL, or what is wrong. */
static const char *zone(const char *text, int64_t *ahead)
{
    const char *p = text + 1;
    int hours, minutes = 0;

    *ahead = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return NULL;
    if (*text != '+' && *text != '-')
        return no_time;
    hours = two_digits(p);
    if (hours < 0)
        return no_time;
    p += 2;
    if (*p != '\0') {
        p += *p == ':';
        minutes = two_digits(p);
        if (minutes < 0 || p[2] != '\0')
            return no_time;
    }
    if (hours > 23 || minutes > 59)
        return no_such;
    *ahead = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return NULL;
}

/* "2026-01-31", with "T12:00", ":30" and ".5" behind it; all the rest is in *end. */
static bool fields(const char *text, struct tm *tm, const char **end)
{
    int n = 0, more = 0;

    *tm = (struct tm){ .tm_isdst = -1 };
    if (sscanf(text, "%4d-%2d-%2d%n", &tm->tm_year, &tm->tm_mon, &tm->tm_mday, &n) != 3)
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon--;
    text += n;
    if (*text == 'T' || *text == ' ') {
        if (sscanf(text + 1, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &more) != 2)
            return false;
        text += 1 + more;
        if (sscanf(text, ":%2d%n", &tm->tm_sec, &more) == 1) {
            text += more;
            /* Fractions, as our own output has them, don't matter here. */
            if (*text == '.')
                text += 1 + strspn(text + 1, "0123456789");
        }
    }
    *end = text;
    return true;
}

/* NULL, or what is wrong. */
static const char *absolute(const char *text, int64_t *ns)
{
    const char *rest, *wrong = NULL;
    struct tm tm, as_written;
    int64_t seconds, ahead = 0;

    if (!fields(text, &tm, &rest))
        return no_time;
    if (*rest != '\0')
        wrong = zone(rest, &ahead);
    if (wrong != NULL)
        return wrong;
    as_written = tm;
    seconds = *rest != '\0' ? timegm(&tm) - ahead : mktime(&tm);
    /* The C library takes 31 February for 3 March. */
    if (tm.tm_mon != as_written.tm_mon || tm.tm_mday != as_written.tm_mday ||
        tm.tm_hour != as_written.tm_hour || tm.tm_min != as_written.tm_min ||
        tm.tm_sec != as_written.tm_sec)
        return no_such;
    if (seconds < 0)
        return "it is before 1970";
    if (seconds > INT64_MAX / NS_PER_S - 1)
        return in_future;
    *ns = seconds * NS_PER_S;
    return NULL;
}

const char *since_parse(const char *text, int64_t now, int64_t *since)
{
    int64_t before = duration(text);
    const char *wrong;

    if (before > 0) {
        *since = now > before ? now - before : 0;
        return NULL;
    }
    wrong = absolute(text, since);
    if (wrong != NULL)
        return wrong;
    return *since > now ? in_future : NULL;
}
