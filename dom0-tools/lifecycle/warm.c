/* SPDX-License-Identifier: MIT */
/*
 * Unpacking takes seconds, so it is done by a process of its own: this program with --warm. It is
 * told from creators of guests by its priority only; who needs what it is unpacking waits for it
 * and lends it his (build/cache.c).
 */
#include "lifecycle/warm.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <unistd.h>

#include "cli/conf.h"
#include "daemon/loop.h"
#include "daemon/process.h"
#include "guest/guest.h"

#define GUEST_FILES "/etc/parador"
/* As many as the cache has room for; the first ones count. */
#define KERNELS_MAX 4
/* Who changes one file of a package changes others. */
#define SETTLE_MS 2000
/*
 * For kernel, unpacked kernel and the file it becomes, which may lie in memory. A dom0 with less to
 * spare has better uses for it.
 */
#define SPARE_KIB (256ul << 10)
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO)

extern char **environ;

struct kernels {
    char *path[KERNELS_MAX];
    size_t count;
};

static struct loop_fd changes = { .fd = -1 };
static struct kernels known;
static uint64_t due_at;

static void add_kernel(struct kernels *k, const char *path)
{
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->path[i], path) == 0)
            return;
    if (k->count == KERNELS_MAX || access(path, R_OK) != 0)
        return;
    k->path[k->count] = strdup(path);
    if (k->path[k->count] != NULL)
        k->count++;
}

static void no_warning(const char *line, void *arg)
{
    (void)line;
    (void)arg;
}

/* What guests are likely to be made of; a guest file that cannot be read is its user's business. */
static void find_kernels(struct kernels *k)
{
    struct guest_config config;
    struct conf_error err;
    struct utsname running;
    char path[PATH_MAX];
    glob_t files;

    k->count = 0;
    if (glob(GUEST_FILES "/*.cfg", 0, NULL, &files) == 0) {
        for (size_t i = 0; i < files.gl_pathc; i++) {
            guest_config_init(&config);
            if (conf_read_file(&config, files.gl_pathv[i], NULL, 0, no_warning, NULL, &err) != 0)
                continue;
            if (config.kernel != NULL)
                add_kernel(k, config.kernel);
            guest_config_free(&config);
        }
        globfree(&files);
    }
    if (uname(&running) == 0) {
        snprintf(path, sizeof(path), "/boot/vmlinuz-%s", running.release);
        add_kernel(k, path);
    }
}

static void forget_kernels(struct kernels *k)
{
    while (k->count > 0)
        free(k->path[--k->count]);
}

/* Whether dom0 has the memory. When it does not tell, it has. */
static bool can_afford(void)
{
    unsigned long available;
    bool enough = true;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "re");

    if (f == NULL)
        return true;
    while (fgets(line, sizeof(line), f) != NULL)
        if (sscanf(line, "MemAvailable: %lu kB", &available) == 1)
            enough = available >= SPARE_KIB;
    fclose(f);
    return enough;
}

int warm_all(void)
{
    struct parador_handle *h;
    struct kernels k;
    int result = 0;

    if (!can_afford()) {
        note(LOG_NOTICE, "less than %lu MiB to spare: no kernels are unpacked beforehand",
             SPARE_KIB >> 10);
        return -1;
    }
    h = parador_open();
    if (h == NULL)
        return -1;
    setpriority(PRIO_PROCESS, 0, PRIO_MAX - 1);
    find_kernels(&k);
    for (size_t i = 0; i < k.count; i++) {
        if (parador_warm(h, k.path[i]) != 0) {
            note(LOG_WARNING, "%s", parador_error(h));
            result = -1;
        }
    }
    forget_kernels(&k);
    parador_close(h);
    return result;
}

/* The directories, as files are replaced rather than written; known ones are not watched twice. */
static void watch_directories(void)
{
    char path[PATH_MAX];

    inotify_add_watch(changes.fd, GUEST_FILES, EVENTS | IN_ONLYDIR);
    for (size_t i = 0; i < known.count; i++) {
        char *slash;

        snprintf(path, sizeof(path), "%s", known.path[i]);
        slash = strrchr(path, '/');
        if (slash == NULL || slash == path)
            continue;
        *slash = '\0';
        inotify_add_watch(changes.fd, path, EVENTS | IN_ONLYDIR);
    }
}

static void spawn(void)
{
    static char name[] = "paradord", option[] = "--warm";
    char *const words[] = { name, option, NULL };
    pid_t child;
    int err;

    forget_kernels(&known);
    find_kernels(&known);
    watch_directories();
    /* A new program, so that it holds none of our locks and sockets. */
    err = posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ);
    if (err != 0)
        note(LOG_WARNING, "cannot unpack kernels beforehand: %s", strerror(err));
}

/* Whether a file of that name is a guest file or a kernel. */
static bool is_ours(const char *name)
{
    size_t length = strlen(name);

    if (length > 4 && strcmp(name + length - 4, ".cfg") == 0)
        return true;
    for (size_t i = 0; i < known.count; i++) {
        const char *slash = strrchr(known.path[i], '/');

        if (slash != NULL && strcmp(slash + 1, name) == 0)
            return true;
    }
    return false;
}

static void on_change(struct loop_fd *self, uint32_t bits)
{
    _Alignas(struct inotify_event) char buffer[4096];
    ssize_t got;

    (void)bits;
    while ((got = read(self->fd, buffer, sizeof(buffer))) > 0) {
        for (char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const struct inotify_event *)at;

            if (event->len > 0 && is_ours(event->name))
                due_at = loop_now() + SETTLE_MS;
            at += sizeof(*event) + event->len;
        }
    }
}

void warm_start(void)
{
    int err;

    /* Nobody asks how the children ended. */
    signal(SIGCHLD, SIG_IGN);
    changes.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    changes.ready = on_change;
    err = changes.fd < 0 ? -errno : loop_add(&changes, EPOLLIN);
    if (err != 0)
        note(LOG_WARNING, "cannot watch for changed kernels: %s", strerror(-err));
    spawn();
}

int warm_timeout(void)
{
    uint64_t now = loop_now();

    if (due_at == 0)
        return -1;
    return due_at > now ? (int)(due_at - now) : 0;
}

void warm_tick(void)
{
    if (due_at == 0 || loop_now() < due_at)
        return;
    due_at = 0;
    spawn();
}
