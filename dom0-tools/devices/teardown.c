/* SPDX-License-Identifier: MIT */
/*
 * Ending devices. The domain does not run, so the front-end cannot say good-bye: its directory is
 * removed, which a back-end takes for a front-end that is gone; and as the back-end's own state is set
 * to Closing with online 0 before, Linux's driver core answers with Closed when it has let go.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/attach.h"
#include "devices/wait.h"
#include "public/io/xenbus.h"

#define BACKENDS "/local/domain/0/backend"

/* All back-ends of a domain; kinds[] owns the strings that devices[] point to. */
struct found {
    struct device *devices;
    size_t count;
    char **kinds;
};

/* Adds the devices below BACKENDS/kind/domid. */
static int find_kind(struct parador_handle *h, const char *kind, domid_t domid, struct found *found)
{
    char path[DEVICE_PATH_MAX];
    char **names;
    size_t count, i;

    snprintf(path, sizeof(path), BACKENDS "/%s/%u", kind, domid);
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
            .kind = kind, .domid = domid, .devid = (unsigned)strtoul(names[i], NULL, 10),
        };
    }
    store_free_list(names);
    return 0;
}

static int find_all(struct parador_handle *h, domid_t domid, struct found *found)
{
    size_t count, i;

    found->kinds = store_directory(h, STORE_NO_TX, BACKENDS, &count);
    if (!found->kinds)
        return errno == ENOENT ? 0 : -1;
    for (i = 0; i < count; i++) {
        if (find_kind(h, found->kinds[i], domid, found) < 0)
            return -1;
    }
    return 0;
}

static bool has_driver(const struct device *device)
{
    return strcmp(device->kind, "vbd") == 0 || strcmp(device->kind, "vif") == 0;
}

/* Asks one back-end to close. true: it has to be waited for. */
static bool start_closing(struct parador_handle *h, const struct device *device)
{
    char back[DEVICE_PATH_MAX], front[DEVICE_PATH_MAX], path[DEVICE_PATH_MAX + 16];
    char *state;
    bool wait;

    device_backend_path(device, back);
    device_frontend_path(device, front);
    state = store_readf(h, STORE_NO_TX, "%s/state", back);
    wait = state && atoi(state) != XenbusStateClosed && has_driver(device);
    if (wait) {
        snprintf(path, sizeof(path), "%s/online", back);
        store_writef(h, STORE_NO_TX, path, "0");
        snprintf(path, sizeof(path), "%s/state", back);
        store_writef(h, STORE_NO_TX, path, "%d", XenbusStateClosing);
    }
    free(state);
    store_remove(h, STORE_NO_TX, front);
    return wait;
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
    identity = loop ? store_readf(h, STORE_NO_TX, "%s/loop-identity", back) : NULL;
    if (identity)
        block_release(h, loop, identity);
    free(identity);
    free(loop);
    store_remove(h, STORE_NO_TX, back);
}

/* Removes the directories that held the domain's devices, by kind. */
static void remove_parents(struct parador_handle *h, domid_t domid, char **kinds)
{
    char path[DEVICE_PATH_MAX];

    for (; kinds && *kinds; kinds++) {
        snprintf(path, sizeof(path), BACKENDS "/%s/%u", *kinds, domid);
        store_remove(h, STORE_NO_TX, path);
        snprintf(path, sizeof(path), "/local/domain/0/error/backend/%s/%u", *kinds, domid);
        store_remove(h, STORE_NO_TX, path);
    }
}

int device_teardown(struct parador_handle *h, domid_t domid, int timeout_ms)
{
    struct found found = {0};
    struct device *waiting;
    size_t i, count = 0;
    int ret = find_all(h, domid, &found);

    waiting = calloc(found.count + 1, sizeof(*waiting));
    if (ret == 0 && !waiting)
        ret = parador_fail(h, ENOMEM, "out of memory");
    if (ret == 0) {
        for (i = 0; i < found.count; i++) {
            if (start_closing(h, &found.devices[i]))
                waiting[count++] = found.devices[i];
        }
        ret = device_wait(h, waiting, count, closed, timeout_ms);
        for (i = 0; i < found.count; i++)
            clear_away(h, &found.devices[i]);
        remove_parents(h, domid, found.kinds);
        if (ret > 0)
            ret = parador_fail(h, ETIMEDOUT, "%d back-ends of domain %u did not close in %d seconds",
                               ret, domid, timeout_ms / 1000);
    }
    free(waiting);
    free(found.devices);
    store_free_list(found.kinds);
    return ret;
}
