/* SPDX-License-Identifier: MIT */
/*
 * The part of the library below the commands, made of paper: four domains, and every change that is
 * asked for is a line "call: ..." on standard output. FAKE_FAIL names a function that is to fail,
 * FAKE_NAME is what another tool has called domain 2, FAKE_POOL another name for pool 1, FAKE_PARAMS
 * the parameters of a disk, and FAKE_VCPUS how many vcpus domain 1 uses and has: "4/16".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/guest.h"
#include "lib/internal.h"
#include "public/sched.h"

static struct guest_info domains[8] = {
    { .domid = 0, .name = "Domain-0", .running = true, .memory_kib = 768 << 10, .vcpus_online = 2,
      .vcpus_max = 2, .cpu_time_ns = 12345000000, .shutdown_reason = GUEST_NOT_SHUT_DOWN },
    { .domid = 1, .name = "web", .blocked = true, .memory_kib = 256 << 10, .vcpus_online = 1,
      .vcpus_max = 3, .cpu_time_ns = 60000000000, .uuid = { 1 }, .start_time = 1,
      .shutdown_reason = GUEST_NOT_SHUT_DOWN },
    { .domid = 2, .name = "a b", .paused = true, .memory_kib = (64 << 10) + 1, .vcpus_online = 1,
      .vcpus_max = 1, .uuid = { 2 }, .shutdown_reason = GUEST_NOT_SHUT_DOWN },
    { .domid = 5, .name = "fallen", .shutdown = true, .crashed = true, .memory_kib = 64 << 10,
      .vcpus_online = 1, .vcpus_max = 1, .uuid = { 5 }, .shutdown_reason = SHUTDOWN_crash,
      .cpupool = 1 },
};
static size_t count = 4;

__attribute__((constructor)) static void read_environment(void)
{
    if (getenv("FAKE_NAME") != NULL)
        snprintf(domains[2].name, sizeof(domains[2].name), "%s", getenv("FAKE_NAME"));
    if (getenv("FAKE_VCPUS") != NULL)
        sscanf(getenv("FAKE_VCPUS"), "%u/%u", &domains[1].vcpus_online, &domains[1].vcpus_max);
}

static int refuse(struct parador_handle *h, const char *what)
{
    const char *wanted = getenv("FAKE_FAIL");

    if (wanted == NULL || strcmp(wanted, what) != 0)
        return 0;
    return parador_fail(h, EIO, "%s fails, as the test wants", what);
}

static struct guest_info *find(domid_t domid)
{
    for (size_t i = 0; i < count; i++)
        if (domains[i].domid == domid)
            return &domains[i];
    return NULL;
}

static int call(struct parador_handle *h, const char *what, domid_t domid)
{
    if (find(domid) == NULL)
        return parador_fail(h, ESRCH, "there is no domain %u", domid);
    if (refuse(h, what) != 0)
        return -1;
    printf("call: %s %u\n", what, domid);
    return 0;
}

int parador_create(struct parador_handle *h, const struct guest_config *c, domid_t *domid)
{
    if (refuse(h, "create") != 0)
        return -1;
    if (getenv("FAKE_SLOW") != NULL)
        usleep(1200000);
    printf("call: create %s kernel=%s memory=%llu disks=%zu vifs=%zu%s\n", c->name, c->kernel,
           (unsigned long long)c->memory_kib / 1024, c->nr_disks, c->nr_vifs,
           c->paused ? " paused" : "");
    domains[count] = (struct guest_info){ .domid = 7, .paused = true, .uuid = { 7 },
                                          .shutdown_reason = GUEST_NOT_SHUT_DOWN };
    snprintf(domains[count++].name, sizeof(domains[0].name), "%s", c->name);
    *domid = 7;
    return 0;
}

int parador_destroy(struct parador_handle *h, domid_t domid)
{
    int result = call(h, "destroy", domid);

    if (result == 0) {
        *find(domid) = domains[count - 1];
        count--;
    }
    return result;
}

int parador_shutdown(struct parador_handle *h, domid_t domid)
{
    return call(h, "shutdown", domid);
}

int parador_reboot(struct parador_handle *h, domid_t domid)
{
    return call(h, "reboot", domid);
}

int parador_pause(struct parador_handle *h, domid_t domid)
{
    return call(h, "pause", domid);
}

int parador_unpause(struct parador_handle *h, domid_t domid)
{
    return call(h, "unpause", domid);
}

int parador_rename(struct parador_handle *h, domid_t domid, const char *name)
{
    int result = call(h, "rename", domid);

    if (result == 0)
        printf("call: to %s\n", name);
    return result;
}

int parador_info(struct parador_handle *h, domid_t domid, struct guest_info *info)
{
    if (find(domid) == NULL)
        return parador_fail(h, ESRCH, "there is no domain %u", domid);
    if (refuse(h, "info") != 0)
        return -1;
    *info = *find(domid);
    return 0;
}

int parador_list(struct parador_handle *h, struct guest_info **list, size_t *n)
{
    if (refuse(h, "list") != 0)
        return -1;
    *list = malloc(count * sizeof(**list));
    memcpy(*list, domains, count * sizeof(**list));
    *n = count;
    return 0;
}

int parador_find(struct parador_handle *h, const char *name, domid_t *domid)
{
    for (size_t i = 0; i < count; i++) {
        char number[8];

        snprintf(number, sizeof(number), "%u", domains[i].domid);
        if (strcmp(domains[i].name, name) == 0 || strcmp(number, name) == 0) {
            *domid = domains[i].domid;
            return 0;
        }
    }
    return parador_fail(h, ESRCH, "there is no guest called \"%s\"", name);
}

int parador_domain_info(struct parador_handle *h, domid_t domid,
                        struct xen_domctl_getdomaininfo *info)
{
    const struct guest_info *g = find(domid);

    if (g == NULL)
        return parador_fail(h, ESRCH, "there is no domain %u", domid);
    memset(info, 0, sizeof(*info));
    info->domain = domid;
    memcpy(info->handle, g->uuid, sizeof(g->uuid));
    /* Who waits for an end finds that it has come. */
    info->flags = XEN_DOMINF_shutdown;
    info->max_vcpu_id = g->vcpus_max - 1;
    info->cpupool = g->cpupool;
    return 0;
}

int parador_physinfo(struct parador_handle *h, struct xen_sysctl_physinfo *info)
{
    memset(info, 0, sizeof(*info));
    info->nr_cpus = 4;
    info->total_pages = 2048 << 8;
    info->free_pages = 1000 << 8;
    return refuse(h, "physinfo");
}

int parador_version(struct parador_handle *h, struct parador_version *v)
{
    (void)h;
    memset(v, 0, sizeof(*v));
    v->major = 4;
    v->minor = 17;
    strcpy(v->extra, getenv("FAKE_XEN") != NULL ? ".x" : "-parador");
    return 0;
}

int parador_console_ring(struct parador_handle *h, char *buf, uint32_t size, uint32_t *index,
                         bool clear)
{
    static const char text[] = "(parador) a line\n";

    (void)size;
    if (refuse(h, "dmesg") != 0)
        return -1;
    if (clear) {
        printf("call: clear\n");
        return 0;
    }
    if (*index != 0)
        return 0;
    *index = sizeof(text) - 1;
    memcpy(buf, text, sizeof(text) - 1);
    return sizeof(text) - 1;
}

/* The store: one disk of domain 1, and the terminal that FAKE_TTY names. */
char *store_read(struct parador_handle *h, store_tx tx, const char *path, size_t *length)
{
    const char *tty = getenv("FAKE_TTY");

    (void)tx;
    (void)length;
    if (strstr(path, "/console/tty") != NULL && tty != NULL)
        return strdup(tty);
    if (strcmp(path, "/local/pool/1/name") == 0)
        return strdup(getenv("FAKE_POOL") != NULL ? getenv("FAKE_POOL") : "fast");
    if (strstr(path, "backend/vbd/1/51712/") != NULL)
        return strdup(getenv("FAKE_PARAMS") != NULL ? getenv("FAKE_PARAMS") : strrchr(path, '/') + 1);
    parador_fail(h, ENOENT, "there is no %s", path);
    return NULL;
}

char *store_readf(struct parador_handle *h, store_tx tx, const char *format, ...)
{
    char path[256];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    return store_read(h, tx, path, NULL);
}

int store_write(struct parador_handle *h, store_tx tx, const char *path, const void *value,
                size_t length)
{
    (void)tx;
    if (refuse(h, "store") != 0)
        return -1;
    printf("call: store %s %.*s\n", path, (int)length, (const char *)value);
    return 0;
}

int store_writef(struct parador_handle *h, store_tx tx, const char *path, const char *format, ...)
{
    char value[64];
    va_list args;

    va_start(args, format);
    vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    return store_write(h, tx, path, value, strlen(value));
}

int store_remove(struct parador_handle *h, store_tx tx, const char *path)
{
    (void)tx;
    printf("call: remove %s\n", path);
    return refuse(h, "remove");
}

int store_batch_begin(struct parador_handle *h)
{
    (void)h;
    return 0;
}

/* What was queued is refused here, as by the real one. */
int store_batch_end(struct parador_handle *h)
{
    return refuse(h, "store");
}

int store_transaction_start(struct parador_handle *h, store_tx *tx)
{
    *tx = 1;
    return refuse(h, "transaction");
}

int store_transaction_end(struct parador_handle *h, store_tx tx, bool commit)
{
    (void)h;
    (void)tx;
    printf("call: %s\n", commit ? "commit" : "abort");
    return 0;
}

char **store_directory(struct parador_handle *h, store_tx tx, const char *path, size_t *n)
{
    const char *child = strstr(path, "vbd/1/51712") != NULL ? "params" :
                        strstr(path, "vbd/1") != NULL ? "51712" : NULL;
    char **list;

    (void)tx;
    if (child == NULL) {
        parador_fail(h, ENOENT, "there is no %s", path);
        return NULL;
    }
    list = calloc(2, sizeof(*list));
    list[0] = strdup(child);
    *n = 1;
    return list;
}

void store_free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

int store_watch(struct parador_handle *h, const char *path, const char *token)
{
    (void)path;
    (void)token;
    return refuse(h, "watch");
}

int store_unwatch(struct parador_handle *h, const char *path, const char *token)
{
    (void)h;
    (void)path;
    (void)token;
    return 0;
}

int store_event(struct parador_handle *h, int timeout_ms, char **path, char **token)
{
    (void)h;
    (void)timeout_ms;
    (void)path;
    (void)token;
    return 0;
}

void store_disconnect(struct store *s)
{
    (void)s;
}

void hcbuf_release(struct parador_handle *h)
{
    (void)h;
}
