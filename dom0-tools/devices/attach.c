/* SPDX-License-Identifier: MIT */
/*
 * Making split devices. The store protocol is that of public/io/xenbus.h, blkif.h and netif.h: each
 * end's directory names the other's, and each end publishes its state. We write what a toolstack
 * writes and the results that a hotplug script would write; the kernels do the rest.
 */
#include "devices/attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "devices/wait.h"
#include "public/io/xenbus.h"

void device_backend_path(const struct device *device, char path[DEVICE_PATH_MAX])
{
    snprintf(path, DEVICE_PATH_MAX, "/local/domain/0/backend/%s/%u/%u", device->kind, device->domid,
             device->devid);
}

void device_frontend_path(const struct device *device, char path[DEVICE_PATH_MAX])
{
    snprintf(path, DEVICE_PATH_MAX, "/local/domain/%u/device/%s/%u", device->domid, device->kind,
             device->devid);
}

int device_check_driver(struct parador_handle *h, const char *kind)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", kind);
    if (access("/sys/bus", F_OK) < 0 || access(path, F_OK) == 0)
        return 0;
    return parador_fail(h, ENODEV, "dom0's kernel has no back-end for %s: load it (modprobe %s)",
                        strcmp(kind, "vbd") == 0 ? "disks" : "network interfaces",
                        strcmp(kind, "vbd") == 0 ? "xen-blkback" : "xen-netback");
}

/* Writes of one directory; the first failure sticks. */
struct writer {
    struct parador_handle *h;
    store_tx tx;
    const char *directory;
    bool failed;
};

static void put(struct writer *w, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(struct writer *w, const char *key, const char *format, ...)
{
    char path[DEVICE_PATH_MAX + 40], value[2048];
    va_list args;
    int length;

    if (w->failed)
        return;
    va_start(args, format);
    length = vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    snprintf(path, sizeof(path), "%s/%s", w->directory, key);
    if (length < 0 || (size_t)length >= sizeof(value)) {
        parador_fail(w->h, E2BIG, "the value for %s is too long", path);
        w->failed = true;
    } else if (store_write(w->h, w->tx, path, value, (size_t)length) < 0) {
        w->failed = true;
    }
}

/* Makes a directory that owner owns and reader may read; what is made in it inherits that. */
static int make_directory(struct parador_handle *h, store_tx tx, const char *path, domid_t owner,
                          domid_t reader)
{
    struct store_perm perms[] = {{'n', owner}, {'r', reader}};

    if (store_mkdir(h, tx, path) < 0)
        return -1;
    return store_set_perms(h, tx, path, perms, 2);
}

/* Both directories with what all devices have in common. */
static int write_common(struct writer *back, struct writer *front, const struct device *device)
{
    if (make_directory(back->h, back->tx, back->directory, 0, device->domid) < 0 ||
        make_directory(back->h, back->tx, front->directory, device->domid, 0) < 0)
        return -1;
    put(back, "frontend", "%s", front->directory);
    put(back, "frontend-id", "%u", device->domid);
    put(back, "online", "1");
    put(front, "backend", "%s", back->directory);
    put(front, "backend-id", "0");
    return back->failed || front->failed ? -1 : 0;
}

/* The states come last: they are what wakes the drivers. */
static int write_states(struct writer *back, struct writer *front)
{
    put(front, "state", "%d", XenbusStateInitialising);
    put(back, "state", "%d", XenbusStateInitialising);
    return back->failed || front->failed ? -1 : 0;
}

int device_write_vbd(struct parador_handle *h, store_tx tx, const struct device *device,
                     const struct device_vbd *vbd)
{
    char back_path[DEVICE_PATH_MAX], front_path[DEVICE_PATH_MAX];
    struct writer back = {.h = h, .tx = tx, .directory = back_path};
    struct writer front = {.h = h, .tx = tx, .directory = front_path};
    const char *type = vbd->cdrom ? "cdrom" : "disk";
    const struct block *block = vbd->block;

    device_backend_path(device, back_path);
    device_frontend_path(device, front_path);
    if (write_common(&back, &front, device) < 0)
        return -1;
    put(&front, "virtual-device", "%u", device->devid);
    put(&front, "device-type", "%s", type);
    put(&back, "device-type", "%s", type);
    put(&back, "dev", "%s", vbd->vdev);
    put(&back, "type", "phy");
    put(&back, "mode", "%s", vbd->readonly ? "r" : "w");
    put(&back, "removable", "%d", vbd->cdrom);
    put(&back, "bootable", "1");
    put(&back, "discard-enable", "%d", vbd->discard);
    put(&back, "params", "%s", vbd->target);
    put(&back, "identity", "%s", block->identity);
    if (block->device[0])
        put(&back, "loop", "%s", block->device);
    put(&back, "physical-device-path", "%s", block->device[0] ? block->device : vbd->target);
    put(&back, "physical-device", "%x:%x", block->major, block->minor);
    put(&back, "hotplug-status", "connected");
    return write_states(&back, &front);
}

int device_write_vif(struct parador_handle *h, store_tx tx, const struct device *device,
                     const struct device_vif *vif)
{
    char back_path[DEVICE_PATH_MAX], front_path[DEVICE_PATH_MAX], mac[18];
    struct writer back = {.h = h, .tx = tx, .directory = back_path};
    struct writer front = {.h = h, .tx = tx, .directory = front_path};

    snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", vif->mac[0], vif->mac[1],
             vif->mac[2], vif->mac[3], vif->mac[4], vif->mac[5]);
    device_backend_path(device, back_path);
    device_frontend_path(device, front_path);
    if (write_common(&back, &front, device) < 0)
        return -1;
    put(&front, "handle", "%u", device->devid);
    put(&front, "mac", "%s", mac);
    put(&back, "handle", "%u", device->devid);
    put(&back, "mac", "%s", mac);
    put(&back, "bridge", "%s", vif->bridge);
    put(&back, "type", "vif");
    /* xen-netback refuses to start without this key, though nothing runs what it names. */
    put(&back, "script", "%s", "");
    if (vif->ip)
        put(&back, "ip", "%s", vif->ip);
    if (vif->vifname)
        put(&back, "vifname", "%s", vif->vifname);
    return write_states(&back, &front);
}

/* What the back-end wrote about its failure, for the sentence. */
static int backend_failed(struct parador_handle *h, const struct device *device)
{
    char *why = store_readf(h, STORE_NO_TX, "/local/domain/0/error/backend/%s/%u/%u/error",
                            device->kind, device->domid, device->devid);
    int ret = parador_fail(h, EIO, "the back-end of %s %u gave up: %s", device->kind, device->devid,
                           why ? why : "it does not say why");

    free(why);
    return ret;
}

/* Ready is any state but the first; Closing and Closed mean that the driver refused the device. */
static int ready(struct parador_handle *h, const struct device *device, int state)
{
    if (state == XenbusStateClosing || state == XenbusStateClosed)
        return backend_failed(h, device);
    return state >= XenbusStateInitWait;
}

int device_wait_ready(struct parador_handle *h, const struct device *devices, size_t count,
                      int timeout_ms)
{
    int left = device_wait(h, devices, count, ready, timeout_ms);

    if (left > 0)
        return parador_fail(h, ETIMEDOUT, "%d of the guest's %zu back-ends in dom0 did not answer "
                                          "in %d seconds", left, count, timeout_ms / 1000);
    return left;
}

int device_hotplug_done(struct parador_handle *h, const struct device *device)
{
    char path[DEVICE_PATH_MAX];
    struct writer back = {.h = h, .directory = path};

    device_backend_path(device, path);
    put(&back, "hotplug-status", "connected");
    return back.failed ? -1 : 0;
}
