/* SPDX-License-Identifier: MIT */
/*
 * Ending devices. The domain does not run, so the front-end cannot say good-bye: its directory is
 * removed, which a back-end takes for a front-end that is gone; and as the back-end's own state is
 * set to Closing with online 0 before, Linux's driver core answers with Closed when it has let go.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/attach.h"
#include "devices/counters.h"
#include "devices/wait.h"
#include "public/io/xenbus.h"

#define BACKENDS "/local/domain/0/backend"

/* All back-ends of a domain; kinds[] owns the strings that devices[] point to. */
struct device_ending {
    domid_t domid;
    struct device *devices;
    size_t count;
    char **kinds;
    struct device *waiting;    /* those that have to say that they are closed */
    size_t nr_waiting;
};

/* Adds the devices below BACKENDS/kind/domid. */
static int find_kind(struct parador_handle *h, const char *kind, struct device_ending *found)
{
    char path[DEVICE_PATH_MAX];
    char **names;
    size_t count, i;

    snprintf(path, sizeof(path), BACKENDS "/%s/%u", kind, found->domid);
    names = store_directory(h, STORE_NO_TX, path, &count);
    if (!names)
        return errno == ENOENT ? 0 : -1;
    for (i = 0; i < count; i++) {
        struct device *grown = realloc(found->devices, (found->count + 1) * sizeof(*grown));

        if (!grown) {
            store_free_list(names);
            return parador_fail(h, ENOMEM, "out of memory");
        }
        found->devices = grown;
        grown[found->count++] = (struct device){
            .kind = kind, .domid = found->domid, .devid = (unsigned)strtoul(names[i], NULL, 10),
        };
    }
    store_free_list(names);
    return 0;
}

static int find_all(struct parador_handle *h, struct device_ending *found)
{
    size_t count, i;

    found->kinds = store_directory(h, STORE_NO_TX, BACKENDS, &count);
    if (!found->kinds)
        return errno == ENOENT ? 0 : -1;
    for (i = 0; i < count; i++) {
        if (find_kind(h, found->kinds[i], found) < 0)
            return -1;
    }
    return 0;
}

static bool has_driver(const struct device *device)
{
    return strcmp(device->kind, "vbd") == 0 || strcmp(device->kind, "vif") == 0;
}

/* Whether a back-end is there and has to be waited for. */
static bool is_open(struct parador_handle *h, const struct device *device)
{
    char back[DEVICE_PATH_MAX];
    char *state;
    bool open;

    if (!has_driver(device))
        return false;
    device_backend_path(device, back);
    state = store_readf(h, STORE_NO_TX, "%s/state", back);
    open = state && atoi(state) != XenbusStateClosed;
    free(state);
    return open;
}

/* Asks one back-end to close; its answer comes when the front-end's entries are gone too. */
static void start_closing(struct parador_handle *h, const struct device *device)
{
    char back[DEVICE_PATH_MAX], path[DEVICE_PATH_MAX + 16];

    device_backend_path(device, back);
    snprintf(path, sizeof(path), "%s/online", back);
    store_writef(h, STORE_NO_TX, path, "0");
    snprintf(path, sizeof(path), "%s/state", back);
    store_writef(h, STORE_NO_TX, path, "%d", XenbusStateClosing);
}

static int closed(struct parador_handle *h, const struct device *device, int state)
{
    (void)h;
    (void)device;
    return state == XenbusStateClosed || state == XenbusStateUnknown;
}

/* Frees what the device held in dom0 and removes its entries. */
static void clear_away(struct parador_handle *h, const struct device *device)
{
    char back[DEVICE_PATH_MAX];
    char *loop, *identity;

    device_backend_path(device, back);
    loop = store_readf(h, STORE_NO_TX, "%s/loop", back);
    identity = store_readf(h, STORE_NO_TX, "%s/identity", back);
    if (loop && identity)
        block_release(h, loop, identity);
    if (identity)
        device_drop_disk(h, device, identity);
    free(identity);
    free(loop);
    store_remove(h, STORE_NO_TX, back);
}

/* Removes the directories that held the domain's devices, by kind. */
static void remove_parents(struct parador_handle *h, domid_t domid, char **kinds)
{
    char path[DEVICE_PATH_MAX];

    if (store_batch_begin(h) < 0)
        return;
    for (; kinds && *kinds; kinds++) {
        snprintf(path, sizeof(path), BACKENDS "/%s/%u", *kinds, domid);
        store_remove(h, STORE_NO_TX, path);
        snprintf(path, sizeof(path), "/local/domain/0/error/backend/%s/%u", *kinds, domid);
        store_remove(h, STORE_NO_TX, path);
    }
    store_batch_end(h);
}

static void ending_free(struct device_ending *ending)
{
    free(ending->waiting);
    free(ending->devices);
    store_free_list(ending->kinds);
    free(ending);
}

struct device_ending *device_end_begin(struct parador_handle *h, domid_t domid)
{
    struct device_ending *ending = calloc(1, sizeof(*ending));
    char path[DEVICE_PATH_MAX];
    size_t i;

    if (!ending) {
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    ending->domid = domid;
    device_farewell(h, domid);
    if (find_all(h, ending) < 0) {
        ending_free(ending);
        return NULL;
    }
    ending->waiting = calloc(ending->count + 1, sizeof(*ending->waiting));
    if (!ending->waiting) {
        ending_free(ending);
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    for (i = 0; i < ending->count; i++) {
        if (is_open(h, &ending->devices[i]))
            ending->waiting[ending->nr_waiting++] = ending->devices[i];
    }
    if (store_batch_begin(h) == 0) {
        for (i = 0; i < ending->nr_waiting; i++)
            start_closing(h, &ending->waiting[i]);
        snprintf(path, sizeof(path), "/local/domain/%u/device", domid);
        store_remove(h, STORE_NO_TX, path);
    }
    if (store_batch_end(h) < 0) {
        ending_free(ending);
        return NULL;
    }
    return ending;
}

int device_end_finish(struct parador_handle *h, struct device_ending *ending, int timeout_ms)
{
    domid_t domid = ending->domid;
    size_t i;
    int left = device_wait(h, ending->waiting, ending->nr_waiting, closed, timeout_ms);

    for (i = 0; i < ending->count; i++)
        clear_away(h, &ending->devices[i]);
    remove_parents(h, domid, ending->kinds);
    ending_free(ending);
    if (left > 0)
        return parador_fail(h, ETIMEDOUT, "%d back-ends of domain %u did not close in %d seconds",
                            left, domid, timeout_ms / 1000);
    return left;
}
