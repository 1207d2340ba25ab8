/* SPDX-License-Identifier: MIT */
/*
 * What passed through guests' devices, as dom0's back-ends count it. Linux shows a back-end as
 * /sys/bus/xen-backend/devices/<kind>-<domid>-<devid>; netback's has the network interface below
 * net/ (whatever its name is now), blkback's a folder statistics/.
 */
#include "devices/counters.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKENDS "/sys/bus/xen-backend/devices"
#define RUN "/run/parador"
#define UUID_TEXT 36

static const char *const kinds[DEVICE_KINDS] = { "vif", "vbd" };
static const unsigned counters[DEVICE_KINDS] = { VIF_COUNTERS, VBD_COUNTERS };

/* dom0 receives what the guest sends. */
static const char *const files[DEVICE_KINDS][DEVICE_COUNTERS] = {
    { [VIF_RX_BYTES] = "tx_bytes", [VIF_RX_PACKETS] = "tx_packets",
      [VIF_RX_DROPPED] = "tx_dropped", [VIF_TX_BYTES] = "rx_bytes",
      [VIF_TX_PACKETS] = "rx_packets", [VIF_TX_DROPPED] = "rx_dropped" },
    { [VBD_READS] = "rd_req", [VBD_WRITES] = "wr_req", [VBD_FLUSHES] = "f_req",
      [VBD_DISCARDS] = "ds_req", [VBD_READ_SECTORS] = "rd_sect", [VBD_WRITTEN_SECTORS] = "wr_sect",
      [VBD_SHORT] = "oo_req" },
};

unsigned device_counters(enum device_kind kind)
{
    return counters[kind];
}

static const char *setting(const char *variable, const char *otherwise)
{
    const char *set = getenv(variable);

    return set != NULL && *set != '\0' ? set : otherwise;
}

static bool read_number(int dir, const char *name, uint64_t *value)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    char text[32];
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    *value = strtoull(text, NULL, 10);
    return true;
}

/* Descriptor of the folder with the counters; -1: there is none. */
static int open_statistics(int backends, const char *device, enum device_kind kind)
{
    char path[PATH_MAX];
    struct dirent *e;
    int fd = -1;
    DIR *net;

    if (kind == DEVICE_VBD) {
        snprintf(path, sizeof(path), "%s/statistics", device);
        return openat(backends, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    snprintf(path, sizeof(path), "%s/net", device);
    fd = openat(backends, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    net = fdopendir(fd);
    if (net == NULL) {
        close(fd);
        return -1;
    }
    fd = -1;
    while (fd < 0 && (e = readdir(net)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/net/%s/statistics", device, e->d_name);
        fd = openat(backends, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    closedir(net);
    return fd;
}

/* Takes "vif-3-0" apart. */
static bool parse_device(const char *name, struct device_usage *d)
{
    unsigned domid, devid;
    int end = 0;

    for (d->kind = 0; d->kind < DEVICE_KINDS; d->kind++) {
        size_t n = strlen(kinds[d->kind]);

        if (strncmp(name, kinds[d->kind], n) != 0 ||
            sscanf(name + n, "-%5u-%10u%n", &domid, &devid, &end) != 2 || name[n + end] != '\0' ||
            domid >= DOMID_FIRST_RESERVED)
            continue;
        d->domid = (domid_t)domid;
        d->devid = devid;
        return true;
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    const struct device_usage *x = a, *y = b;

    if (x->domid != y->domid)
        return x->domid < y->domid ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->devid < y->devid ? -1 : x->devid > y->devid;
}

/* Appends one; false when memory is short. */
static bool append(struct device_usage **list, size_t *count, const struct device_usage *d)
{
    struct device_usage *grown = realloc(*list, (*count + 1) * sizeof(*grown));

    if (grown == NULL)
        return false;
    *list = grown;
    grown[(*count)++] = *d;
    return true;
}

/* The devices of `only`, or with a negative one of all domains. */
static int read_devices(struct parador_handle *h, int only, struct device_usage **list,
                        size_t *count)
{
    DIR *backends = opendir(setting("PARADOR_BACKENDS", BACKENDS));
    struct dirent *e;
    bool fine = true;

    *list = NULL;
    *count = 0;
    if (backends == NULL)
        return errno == ENOENT ? 0 : parador_fail(h, errno, "cannot list dom0's back-ends: %s",
                                                  strerror(errno));
    while (fine && (e = readdir(backends)) != NULL) {
        struct device_usage d = { 0 };
        bool whole;
        int fd;

        if (!parse_device(e->d_name, &d) || (only >= 0 && d.domid != only))
            continue;
        fd = open_statistics(dirfd(backends), e->d_name, d.kind);
        /* One that is coming or going is left out: a zero would be taken for a new beginning. */
        whole = fd >= 0;
        for (unsigned i = 0; whole && i < counters[d.kind]; i++)
            whole = read_number(fd, files[d.kind][i], &d.count[i]);
        if (fd >= 0)
            close(fd);
        if (whole)
            fine = append(list, count, &d);
    }
    closedir(backends);
    if (!fine) {
        free(*list);
        return parador_fail(h, ENOMEM, "out of memory");
    }
    if (*count > 0)
        qsort(*list, *count, sizeof(**list), compare);
    return 0;
}

int device_usage_read(struct parador_handle *h, struct device_usage **list, size_t *count)
{
    return read_devices(h, -1, list, count);
}

static void farewell_path(domid_t domid, const char *suffix, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/farewell/%u%s", setting("PARADOR_RUN_DIR", RUN), domid, suffix);
}

static bool write_farewell(domid_t domid, const char *uuid, const char *name,
                           const struct device_usage *list, size_t count)
{
    char path[PATH_MAX], new[PATH_MAX];
    bool fine;
    FILE *f;

    snprintf(path, sizeof(path), "%s", setting("PARADOR_RUN_DIR", RUN));
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/farewell", setting("PARADOR_RUN_DIR", RUN));
    mkdir(path, 0700);
    farewell_path(domid, ".new", new);
    farewell_path(domid, "", path);
    f = fopen(new, "we");
    if (f == NULL)
        return false;
    fprintf(f, "%s %s\n", uuid, name);
    for (size_t i = 0; i < count; i++) {
        fprintf(f, "%s %u", kinds[list[i].kind], list[i].devid);
        for (unsigned n = 0; n < counters[list[i].kind]; n++)
            fprintf(f, " %llu", (unsigned long long)list[i].count[n]);
        putc('\n', f);
    }
    fine = !ferror(f);
    return fclose(f) == 0 && fine && rename(new, path) == 0;
}

void device_farewell(struct parador_handle *h, domid_t domid)
{
    char *vm = store_readf(h, STORE_NO_TX, "/local/domain/%u/vm", domid);
    char *name = store_readf(h, STORE_NO_TX, "/local/domain/%u/name", domid);
    struct device_usage *list = NULL;
    struct farewell before;
    size_t count;
    bool known;

    known = vm != NULL && strncmp(vm, "/vm/", 4) == 0 && strlen(vm) == 4 + UUID_TEXT;
    if (known && farewell_read(domid, &before) == 0) {
        known = strcmp(before.uuid, vm + 4) != 0;
        free(before.devices);
    }
    for (char *p = name; p != NULL && *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
    if (known && (read_devices(h, domid, &list, &count) != 0 ||
                  !write_farewell(domid, vm + 4, name != NULL ? name : "", list, count)))
        parador_log(h, PARADOR_LOG_WARN, "the last device counters of domain %u are lost: %s",
                    domid, strerror(errno));
    free(list);
    free(name);
    free(vm);
}

/* One line of a device: "vbd 51712 1 2 3 4 5 6 7". */
static bool parse_line(char *line, domid_t domid, struct device_usage *d)
{
    char *next, *word = strtok_r(line, " \n", &next);

    *d = (struct device_usage){ .domid = domid };
    while (d->kind < DEVICE_KINDS && (word == NULL || strcmp(word, kinds[d->kind]) != 0))
        d->kind++;
    word = strtok_r(NULL, " \n", &next);
    if (d->kind == DEVICE_KINDS || word == NULL)
        return false;
    d->devid = (uint32_t)strtoul(word, NULL, 10);
    for (unsigned i = 0; i < counters[d->kind]; i++) {
        word = strtok_r(NULL, " \n", &next);
        if (word == NULL)
            return false;
        d->count[i] = strtoull(word, NULL, 10);
    }
    return true;
}

int farewell_read(domid_t domid, struct farewell *f)
{
    char path[PATH_MAX], line[512];
    struct device_usage d;
    int err = 0;
    FILE *in;

    memset(f, 0, sizeof(*f));
    farewell_path(domid, "", path);
    in = fopen(path, "re");
    if (in == NULL)
        return -1;
    if (fgets(line, sizeof(line), in) == NULL || strlen(line) < UUID_TEXT + 2) {
        err = EINVAL;
    } else {
        line[strcspn(line, "\n")] = '\0';
        snprintf(f->uuid, sizeof(f->uuid), "%.*s", UUID_TEXT, line);
        snprintf(f->name, sizeof(f->name), "%.127s", line + UUID_TEXT + 1);
    }
    while (err == 0 && fgets(line, sizeof(line), in) != NULL)
        if (parse_line(line, domid, &d) && !append(&f->devices, &f->count, &d))
            err = ENOMEM;
    fclose(in);
    if (err != 0) {
        free(f->devices);
        f->devices = NULL;
        errno = err;
    }
    return err != 0 ? -1 : 0;
}

void farewell_remove(domid_t domid)
{
    char path[PATH_MAX];

    farewell_path(domid, "", path);
    unlink(path);
}
