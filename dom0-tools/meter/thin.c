/* SPDX-License-Identifier: MIT */
/* Old snapshots: fewer of them, so that years fit into little space. */
#include "meter/thin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "meter/account.h"

#define HOUR_S 3600
#define DAY_S 86400

/* A snapshot, as its line. */
struct line {
    char *text;
    size_t room, len;          /* len 0: there is none */
    char boot[BOOT_TEXT];
    uint64_t now_ns;
    int64_t local_s;           /* seconds since 1970 that a local clock had shown */
    int64_t unit_s;            /* HOUR_S or DAY_S: one of that time is enough */
};

struct thinning {
    FILE *out;
    int64_t now_s, days_after_s;
    struct line held, next;    /* held: written unless a later one takes its place */
};

/* What the line says of itself; false: it is no snapshot. */
static bool understand(const struct thinning *t, struct line *line)
{
    json_t *record = json_loadb(line->text, line->len, 0, NULL);
    const char *boot = json_string_value(json_object_get(record, "boot"));
    const char *time = json_string_value(json_object_get(record, "time"));
    bool fine = boot != NULL && strlen(boot) < BOOT_TEXT && time != NULL;
    time_t seconds = 0;
    int64_t wall = 0;
    struct tm tm;

    fine = fine && wall_parse(time, &wall);
    if (fine) {
        seconds = wall / NS_PER_S;
        localtime_r(&seconds, &tm);
        strcpy(line->boot, boot);
        line->now_ns = json_count_of(json_object_get(record, "host"), "now_ns");
        line->local_s = seconds + tm.tm_gmtoff;
        line->unit_s = t->now_s - seconds > t->days_after_s ? DAY_S : HOUR_S;
    }
    json_decref(record);
    return fine;
}

static int write_held(struct thinning *t)
{
    if (t->held.len != 0 && fwrite(t->held.text, 1, t->held.len, t->out) != t->held.len)
        return -errno;
    return 0;
}

/* The next one either takes the place of that which is held, or lets it be written. */
static int take(struct thinning *t)
{
    struct line *held = &t->held, *next = &t->next, swapped;
    bool same_boot = held->len != 0 && strcmp(held->boot, next->boot) == 0;
    int err = 0;

    /* After a crash between this and the removal of `from` they come again. */
    if (same_boot && next->now_ns <= held->now_ns)
        return 0;
    if (!same_boot || held->local_s / held->unit_s != next->local_s / held->unit_s)
        err = write_held(t);
    swapped = *held;
    *held = *next;
    *next = swapped;
    return err;
}

/* All snapshots of a file from some byte on, where a line may have begun before. */
static int read_from(struct thinning *t, FILE *in, off_t start)
{
    struct line *next = &t->next;
    int err = 0;
    ssize_t len;

    if (start > 0 && (fseeko(in, start - 1, SEEK_SET) != 0 ||
                      getline(&next->text, &next->room, in) < 0))
        return -errno;
    while (err == 0 && (len = getline(&next->text, &next->room, in)) > 0) {
        next->len = (size_t)len;
        if (next->text[len - 1] == '\n' && understand(t, next))
            err = take(t);
    }
    return err != 0 || feof(in) ? err : -errno;
}

static int read_path(struct thinning *t, const char *path, off_t start)
{
    FILE *in = fopen(path, "re");
    int err;

    if (in == NULL)
        return errno == ENOENT ? 0 : -errno;
    err = read_from(t, in, start);
    fclose(in);
    return err;
}

/* Everything is on the disk, or it has failed. */
static int finish(struct thinning *t)
{
    int err = write_held(t);

    if (err == 0 && (fflush(t->out) != 0 || fsync(fileno(t->out)) != 0))
        err = -errno;
    if (fclose(t->out) != 0 && err == 0)
        err = -errno;
    return err;
}

static int open_new(struct thinning *t, const char *path)
{
    int err, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -errno;
    t->out = fdopen(fd, "w");
    if (t->out != NULL)
        return 0;
    err = -errno;
    close(fd);
    return err;
}

int thin(const char *from, const char *into, int64_t now)
{
    struct thinning t = { .now_s = now / NS_PER_S };
    char new[PATH_MAX + 16];
    struct stat st;
    off_t size = stat(into, &st) == 0 ? st.st_size : 0;
    int err, closed;

    t.days_after_s = size > THIN_LIMIT / 2 ? 0 : 7 * DAY_S;
    snprintf(new, sizeof(new), "%s.new", into);
    err = open_new(&t, new);
    if (err != 0)
        return err;
    err = read_path(&t, into, size > THIN_LIMIT ? size - THIN_LIMIT : 0);
    if (err == 0)
        err = read_path(&t, from, 0);
    closed = finish(&t);
    err = err != 0 ? err : closed;
    if (err == 0 && rename(new, into) != 0)
        err = -errno;
    if (err != 0)
        unlink(new);
    free(t.held.text);
    free(t.next.text);
    return err;
}
