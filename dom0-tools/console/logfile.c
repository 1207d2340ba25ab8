/* SPDX-License-Identifier: MIT */
/* A log file that is rotated when it has grown. */
#include "console/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/mem.h"
#include "daemon/process.h"

/*
 * Longest part of a guest's name in a file name; leaves room for prefix and suffixes below
 * NAME_MAX.
 */
#define NAME_PART 200

static const char *directory;
static size_t limit;
static unsigned kept;

void logfile_setup(const char *dir, size_t max_size, unsigned keep)
{
    directory = dir;
    limit = max_size;
    kept = keep;
}

static void complain(struct logfile *l, const char *what)
{
    if (!l->complained)
        note(LOG_ERR, "cannot %s %s: %s; output is not logged", what, l->path, strerror(errno));
    l->complained = true;
}

static bool open_path(struct logfile *l)
{
    struct stat st;

    l->fd = open(l->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (l->fd < 0) {
        complain(l, "open");
        return false;
    }
    l->size = fstat(l->fd, &st) ? 0 : st.st_size;
    return true;
}

void logfile_open(struct logfile *l, const char *prefix, const char *name)
{
    char safe[NAME_PART + 1];
    size_t n = strnlen(name, NAME_PART);

    for (size_t i = 0; i < n; i++) {
        bool plain = (name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'z') ||
                     (name[i] >= 'A' && name[i] <= 'Z') || strchr("-_.+:@", name[i]);

        safe[i] = plain ? name[i] : '_';
    }
    safe[n] = '\0';
    if (asprintf(&l->path, "%s/%s%s.log", directory, prefix, safe) < 0)
        die("out of memory");
    l->complained = false;
    open_path(l);
}

/* NAME.log.2 becomes NAME.log.3, and so on; NAME.log itself NAME.log.1. */
static void rotate(struct logfile *l)
{
    size_t room = strlen(l->path) + 16;
    char *from = mem_alloc(room), *to = mem_alloc(room);

    close(l->fd);
    for (unsigned i = kept; i > 0; i--) {
        snprintf(to, room, "%s.%u", l->path, i);
        if (i > 1)
            snprintf(from, room, "%s.%u", l->path, i - 1);
        else
            snprintf(from, room, "%s", l->path);
        if (rename(from, to) && errno != ENOENT)
            note(LOG_ERR, "cannot rename %s: %s", from, strerror(errno));
    }
    if (!kept)
        unlink(l->path);
    free(from);
    free(to);
    open_path(l);
}

void logfile_write(struct logfile *l, const char *data, size_t len)
{
    if (l->fd < 0 && !open_path(l))
        return;
    if (l->size && l->size + len > limit) {
        rotate(l);
        if (l->fd < 0)
            return;
    }
    while (len) {
        ssize_t n = write(l->fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            complain(l, "write");
            return;
        }
        data += n;
        len -= n;
        l->size += n;
    }
    l->complained = false;
}

void logfile_close(struct logfile *l)
{
    if (l->fd >= 0)
        close(l->fd);
    free(l->path);
    l->fd = -1;
    l->path = NULL;
}
