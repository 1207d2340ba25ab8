/* SPDX-License-Identifier: MIT */
/* A file of JSON records, one a line, that only grows, until it is rotated. */
#include "meter/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "/var/log/parador"
#define KEPT_MAX 9u

const char *ledger_directory(void)
{
    const char *set = getenv("PARADOR_LOG_DIR");

    return set != NULL && *set != '\0' ? set : DIRECTORY;
}

void ledger_init(struct ledger *l, const char *directory, const char *name, size_t limit,
                 unsigned kept)
{
    snprintf(l->path, sizeof(l->path), "%s/%s", directory, name);
    l->fd = -1;
    l->limit = limit;
    l->kept = kept < KEPT_MAX ? kept : KEPT_MAX;
    l->merge = NULL;
}

void ledger_close(struct ledger *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

/* PATH for 0, PATH.1 and so on. */
static void file_name(const struct ledger *l, unsigned n, char *path, size_t size)
{
    if (n == 0)
        snprintf(path, size, "%s", l->path);
    else
        snprintf(path, size, "%.*s.%u", PATH_MAX - 8, l->path, n);
}

/* Where the last whole line of an open file ends. */
static int whole_lines(int fd, off_t size, off_t *end)
{
    char block[4096];

    while (size > 0) {
        off_t start = size > (off_t)sizeof(block) ? size - (off_t)sizeof(block) : 0;
        ssize_t n = pread(fd, block, (size_t)(size - start), start);

        if (n != size - start)
            return n < 0 ? -errno : -EIO;
        for (; n > 0; n--) {
            if (block[n - 1] == '\n') {
                *end = start + n;
                return 0;
            }
        }
        size = start;
    }
    *end = 0;
    return 0;
}

static int open_end(struct ledger *l)
{
    struct stat st;
    off_t end = 0;
    int err;

    l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (l->fd < 0)
        return -errno;
    err = fstat(l->fd, &st) != 0 ? -errno : whole_lines(l->fd, st.st_size, &end);
    if (err == 0 && end != st.st_size && ftruncate(l->fd, end) != 0)
        err = -errno;
    if (err != 0)
        ledger_close(l);
    return err;
}

/* Makes room; must: even if what is in PATH.(kept - 1) is lost, as it cannot be merged. */
static int rotate(struct ledger *l, bool must)
{
    char from[PATH_MAX + 8], to[PATH_MAX + 8];

    ledger_close(l);
    for (unsigned n = l->kept; n > 0; n--) {
        file_name(l, n - 1, from, sizeof(from));
        file_name(l, n, to, sizeof(to));
        if (n == l->kept && l->merge != NULL) {
            if (l->merge(from, to) != 0 && !must)
                break;
        } else if (rename(from, to) != 0 && errno != ENOENT) {
            return -errno;
        }
    }
    return open_end(l);
}

/* All of it, or the file is as it was. */
static int write_line(struct ledger *l, const char *line, size_t len, off_t size)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(l->fd, line + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int err = n < 0 ? errno : EIO;

            /* Failing that, the next open_end() cuts it off. */
            if (ftruncate(l->fd, size) != 0)
                ledger_close(l);
            return -err;
        }
        done += (size_t)n;
    }
    return 0;
}

int ledger_append(struct ledger *l, const json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT | JSON_PRESERVE_ORDER);
    size_t len = text != NULL ? strlen(text) : 0;
    struct stat st;
    int err = text == NULL ? -ENOMEM : 0;

    if (err == 0 && l->fd < 0)
        err = open_end(l);
    if (err == 0 && fstat(l->fd, &st) != 0)
        err = -errno;
    if (err == 0 && st.st_size > 0 && l->kept > 0 && (size_t)st.st_size + len + 1 > l->limit) {
        err = rotate(l, (size_t)st.st_size + len + 1 > 2 * l->limit);
        if (err == 0 && fstat(l->fd, &st) != 0)
            err = -errno;
    }
    if (err == 0) {
        text[len] = '\n';
        err = write_line(l, text, len + 1, st.st_size);
    }
    free(text);
    return err;
}

static int read_file(FILE *in, void (*each)(const json_t *record, void *arg), void *arg)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int err;

    while ((len = getline(&line, &room, in)) > 0) {
        /* Without its end it is half a line, or one that is just being written. */
        json_t *record = line[len - 1] == '\n' ? json_loadb(line, (size_t)len, 0, NULL) : NULL;

        if (json_is_object(record))
            each(record, arg);
        json_decref(record);
    }
    err = feof(in) ? 0 : -errno;
    free(line);
    return err;
}

int ledger_each(const struct ledger *l, void (*each)(const json_t *record, void *arg), void *arg)
{
    FILE *files[KEPT_MAX + 1] = { NULL };
    char path[PATH_MAX + 8];
    int err = 0;

    /* The newest first, so that a rotation meanwhile hides nothing. */
    for (unsigned n = 0; n <= l->kept; n++) {
        file_name(l, n, path, sizeof(path));
        files[n] = fopen(path, "re");
        if (files[n] == NULL && errno != ENOENT)
            err = -errno;
    }
    for (unsigned n = l->kept + 1; n-- > 0;) {
        if (files[n] == NULL)
            continue;
        if (err == 0)
            err = read_file(files[n], each, arg);
        fclose(files[n]);
    }
    return err;
}
