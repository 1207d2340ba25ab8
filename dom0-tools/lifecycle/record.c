/* SPDX-License-Identifier: MIT */
/* What is kept of each running guest in dom0, so that it can be made again: its guest file. */
#include "lifecycle/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/conf.h"

#define RUN "/run/parador"
/* The first lines: what the guest file cannot say. To its reader they are comments. */
#define STATE_LINE "#paradord quick=%u keep=%u\n"
#define SOURCE_LINE "#source "

static const char *const suffixes[RECORD_KINDS] = { "cfg", "restart", "preserved" };

const char *record_directory(void)
{
    const char *set = getenv("PARADOR_RUN_DIR");

    return set != NULL && *set != '\0' ? set : RUN;
}

static void path_of(enum record_kind kind, domid_t domid, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/guests/%u.%s", record_directory(), domid, suffixes[kind]);
}

static int make_directories(void)
{
    char path[PATH_MAX];

    if (mkdir(record_directory(), 0755) != 0 && errno != EEXIST)
        return -1;
    snprintf(path, sizeof(path), "%s/guests", record_directory());
    /* A kernel's command line may hold a secret. */
    return mkdir(path, 0700) != 0 && errno != EEXIST ? -1 : 0;
}

/*
 * One byte of one file for each number. Locks of the open file description (fcntl(2), F_OFD_SETLK)
 * are between threads too, and nobody can unlink the file under a waiting peer, as nobody unlinks it.
 */
int record_lock(domid_t domid, bool wait)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = domid, .l_len = 1 };
    char path[PATH_MAX];
    int fd, err;

    if (make_directories() != 0)
        return -1;
    snprintf(path, sizeof(path), "%s/lock", record_directory());
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    do
        err = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range) != 0 ? errno : 0;
    while (err == EINTR);
    if (err == 0)
        return fd;
    close(fd);
    errno = err == EACCES ? EAGAIN : err;
    return -1;
}

void record_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* The path goes into one line; one that would not stay there is left out, as it is only shown. */
static int write_source(FILE *f, const char *source)
{
    if (source == NULL || strchr(source, '\n') != NULL)
        return 0;
    return fprintf(f, SOURCE_LINE "%s\n", source);
}

static int read_source(FILE *f, struct guest_config *config)
{
    size_t room = 0, skip = strlen(SOURCE_LINE);
    char *line = NULL;
    ssize_t length = getline(&line, &room, f);
    int result = 0;

    if (length > (ssize_t)skip && strncmp(line, SOURCE_LINE, skip) == 0) {
        line[length - 1] = '\0';
        result = guest_config_set_string(&config->source, line + skip);
    }
    free(line);
    return result;
}

static int write_file(const char *path, const struct record *r, const char *text)
{
    FILE *f = fopen(path, "we");
    int err = 0;

    if (f == NULL)
        return -1;
    if (fprintf(f, STATE_LINE, r->quick, r->keep) < 0 ||
        write_source(f, r->config.source) < 0 || fputs(text, f) < 0)
        err = errno;
    if (fclose(f) != 0 && err == 0)
        err = errno;
    errno = err;
    return err != 0 ? -1 : 0;
}

int record_write(enum record_kind kind, domid_t domid, const struct record *r)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    char *text = conf_write(&r->config);
    int result;

    if (text == NULL) {
        errno = ENOMEM;
        return -1;
    }
    path_of(kind, domid, path);
    snprintf(fresh, sizeof(fresh), "%s/guests/.%u.new", record_directory(), domid);
    result = make_directories();
    if (result == 0)
        result = write_file(fresh, r, text);
    if (result == 0)
        result = rename(fresh, path);
    if (result != 0) {
        int err = errno;

        unlink(fresh);
        errno = err;
    }
    free(text);
    return result;
}

int record_read(enum record_kind kind, domid_t domid, struct record *r)
{
    struct guest_config *config = &r->config;
    char path[PATH_MAX];
    struct conf_error err;
    unsigned keep;
    FILE *f;

    memset(r, 0, sizeof(*r));
    guest_config_init(config);
    path_of(kind, domid, path);
    f = fopen(path, "re");
    if (f == NULL)
        return -1;
    /* The configuration is read first, as its reader frees what a failure leaves. */
    if (conf_read_file(config, path, NULL, 0, NULL, NULL, &err) != 0) {
        fclose(f);
        errno = EBADMSG;
        return -1;
    }
    if (fscanf(f, STATE_LINE, &r->quick, &keep) != 2 || read_source(f, config) != 0) {
        fclose(f);
        guest_config_free(config);
        errno = EBADMSG;
        return -1;
    }
    fclose(f);
    r->keep = keep != 0;
    return 0;
}

int record_change_config(domid_t domid, int (*change)(struct guest_config *config, void *arg),
                         void *arg)
{
    int lock = record_lock(domid, true), result = -1, err;
    struct record r;

    if (lock < 0)
        return -1;
    if (!record_exists(RECORD_GUEST, domid)) {
        result = 0;
    } else if (record_read(RECORD_GUEST, domid, &r) == 0) {
        result = change(&r.config, arg);
        if (result == 0)
            result = record_write(RECORD_GUEST, domid, &r);
        err = errno;
        guest_config_free(&r.config);
        errno = err;
    }
    err = errno;
    record_unlock(lock);
    errno = err;
    return result;
}

bool record_exists(enum record_kind kind, domid_t domid)
{
    char path[PATH_MAX];

    path_of(kind, domid, path);
    return access(path, F_OK) == 0;
}

int record_change(domid_t domid, enum record_kind from, enum record_kind to)
{
    char old[PATH_MAX], new[PATH_MAX];

    path_of(from, domid, old);
    path_of(to, domid, new);
    return rename(old, new);
}

void record_remove(enum record_kind kind, domid_t domid)
{
    char path[PATH_MAX];

    path_of(kind, domid, path);
    unlink(path);
}

/* The number in a record's file name, or -1 if it is none. */
static long number_of(const char *name)
{
    char *end;
    unsigned long n = strtoul(name, &end, 10);

    if (*name < '0' || *name > '9' || *end != '.' || n >= DOMID_FIRST_RESERVED)
        return -1;
    for (int kind = 0; kind < RECORD_KINDS; kind++)
        if (strcmp(end + 1, suffixes[kind]) == 0)
            return (long)n;
    return -1;
}

int record_each(void (*each)(domid_t domid, void *arg), void *arg)
{
    /* Collected first: what is called may add and remove records. */
    bool *have = calloc(DOMID_FIRST_RESERVED, sizeof(*have));
    char path[PATH_MAX];
    struct dirent *entry;
    long end = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/guests", record_directory());
    dir = have != NULL ? opendir(path) : NULL;
    if (dir == NULL) {
        free(have);
        return errno == ENOENT ? 0 : -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        long n = number_of(entry->d_name);

        if (n >= 0)
            have[n] = true;
        if (n >= end)
            end = n + 1;
    }
    closedir(dir);
    for (long n = 0; n < end; n++)
        if (have[n])
            each((domid_t)n, arg);
    free(have);
    return 0;
}
